//! Lets the management API ask the data plane how it would route a request.

use std::sync::Arc;
use wardgate_admin::{Explainer, Explaining, NotExplained};
use wardgate_core::access_key::AccessKey;
use wardgate_core::format::Surface;
use wardgate_proxy::{Deps, ExplainError};

/// The data plane's own planning.
pub(crate) struct ProxyExplainer(wardgate_proxy::Explainer);

impl ProxyExplainer {
    pub(crate) fn new(deps: &Arc<Deps>) -> Arc<Self> {
        Arc::new(Self(wardgate_proxy::Explainer::new(Arc::clone(deps))))
    }
}

impl Explainer for ProxyExplainer {
    fn explain(&self, key: AccessKey, surface: Surface, body: Vec<u8>) -> Explaining<'_> {
        Box::pin(async move {
            let explained = self.0.explain(key, surface, body.into()).await;
            explained.map_err(|ExplainError { status, code, message }| NotExplained { status, code, message })
        })
    }
}
