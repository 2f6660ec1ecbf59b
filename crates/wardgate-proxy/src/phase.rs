//! The phases of a request, in order.

pub(crate) mod ingress;
pub(crate) mod authenticate;
pub(crate) mod configure;
pub(crate) mod ask;
pub(crate) mod aside;
pub(crate) mod collect;
pub(crate) mod upload;
pub(crate) mod wishes;
pub(crate) mod select;
pub(crate) mod strategies;
pub(crate) mod admit;
pub(crate) mod spend;
pub(crate) mod attempt;
pub(crate) mod fit;
pub(crate) mod translate;
pub(crate) mod exchange;
pub(crate) mod relay;
pub(crate) mod resume;
pub(crate) mod raw;
