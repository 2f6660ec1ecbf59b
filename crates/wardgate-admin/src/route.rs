//! One row of the table of endpoints: how it is reached, who may, what does it, and how it is described.

use crate::app::App;
use crate::body::Body;
use crate::page::{Param, id_schema};
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, MethodRouter, on};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;
use std::str::FromStr;
use wardgate_core::api_key::Role;
use wardgate_core::id::NotAnId;

/// Who may use an endpoint. Whoever is not named here may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everyone, without a key: for machines that watch this one. It tells nothing of any account.
    Open,
    /// API keys with at least this role, in their account; operator keys in the account that they name.
    Account(Role),
    /// API keys with at least this role, and operator keys, which may name an account.
    Anywhere(Role),
    /// Operator keys, in the account that they name.
    OperatorInAccount,
    /// Operator keys. An account that is named is of no effect.
    Operator,
}

/// One endpoint. `GET` answers `HEAD` too.
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) access: Access,
    pub(crate) operation: Operation,
    pub(crate) handler: MethodRouter<App>,
}

/// How an endpoint is described.
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) tag: &'static str,
    pub(crate) summary: String,
    /// What the ids in the path must be, in their order.
    pub(crate) path_ids: Vec<fn() -> Value>,
    pub(crate) parameters: Vec<Param>,
    pub(crate) body: Option<BodyDoc>,
    pub(crate) status: u16,
    pub(crate) answer: Answer,
    /// Whether it is about one version of an object: it answers an ETag, and a write obeys `If-Match`.
    pub(crate) is_versioned: bool,
    /// Whether it remembers `Idempotency-Key`s by itself.
    pub(crate) remembers_its_keys: bool,
    /// Whether a gateway may be without it, which it then says with 501.
    pub(crate) may_be_missing: bool,
}

/// The description of a request body.
pub(crate) struct BodyDoc {
    pub(crate) name: &'static str,
    pub(crate) schema: fn() -> Value,
    pub(crate) example: fn() -> Value,
}

/// Describes a type, or refers to its description.
pub(crate) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// What success looks like.
pub(crate) enum Answer {
    /// Nothing.
    Nothing,
    /// This.
    Object(SchemaOf),
    /// A page of these, under this name.
    Page(&'static str, SchemaOf),
    /// Text of this type.
    Text(&'static str),
}

impl Route {
    fn new<H: Handler<T, App>, T: 'static>(method: Method, path: String, access: Access, handler: H) -> Self {
        let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
        let operation = Operation {
            id: String::new(),
            tag: "",
            summary: String::new(),
            path_ids: Vec::new(),
            parameters: Vec::new(),
            body: None,
            status: 200,
            answer: Answer::Nothing,
            is_versioned: false,
            remembers_its_keys: false,
            may_be_missing: false,
        };
        Self { method, path, access, operation, handler: on(filter, handler) }
    }

    pub(crate) fn get<H: Handler<T, App>, T: 'static>(path: impl Into<String>, access: Access, handler: H) -> Self {
        Self::new(Method::GET, path.into(), access, handler)
    }

    pub(crate) fn post<H: Handler<T, App>, T: 'static>(path: impl Into<String>, access: Access, handler: H) -> Self {
        Self::new(Method::POST, path.into(), access, handler)
    }

    pub(crate) fn put<H: Handler<T, App>, T: 'static>(path: impl Into<String>, access: Access, handler: H) -> Self {
        Self::new(Method::PUT, path.into(), access, handler)
    }

    pub(crate) fn patch<H: Handler<T, App>, T: 'static>(path: impl Into<String>, access: Access, handler: H) -> Self {
        Self::new(Method::PATCH, path.into(), access, handler)
    }

    pub(crate) fn delete<H: Handler<T, App>, T: 'static>(path: impl Into<String>, access: Access, handler: H) -> Self {
        Self::new(Method::DELETE, path.into(), access, handler)
    }

    /// What it is called and does: an id in camel case, the group it stands in, and a sentence.
    pub(crate) fn named(mut self, id: impl Into<String>, tag: &'static str, summary: impl Into<String>) -> Self {
        self.operation.id = id.into();
        self.operation.tag = tag;
        self.operation.summary = summary.into();
        self
    }

    /// What the next id in the path is of.
    pub(crate) fn path_id<Id: FromStr<Err = NotAnId>>(mut self) -> Self {
        self.operation.path_ids.push(id_schema::<Id>);
        self
    }

    pub(crate) fn parameters<'p>(mut self, parameters: impl IntoIterator<Item = &'p Param>) -> Self {
        self.operation.parameters.extend(parameters);
        self
    }

    pub(crate) fn body<B: Body>(mut self) -> Self {
        self.operation.body = Some(BodyDoc { name: B::NAME, schema: B::schema, example: B::example });
        self
    }

    pub(crate) fn answers<T: JsonSchema>(mut self, status: u16) -> Self {
        self.operation.status = status;
        self.operation.answer = Answer::Object(SchemaGenerator::subschema_for::<T>);
        self
    }

    pub(crate) fn answers_page<T: JsonSchema>(mut self, envelope: &'static str) -> Self {
        self.operation.answer = Answer::Page(envelope, SchemaGenerator::subschema_for::<T>);
        self
    }

    pub(crate) fn answers_text(mut self, media_type: &'static str) -> Self {
        self.operation.answer = Answer::Text(media_type);
        self
    }

    pub(crate) fn answers_nothing(mut self) -> Self {
        self.operation.status = 204;
        self
    }

    pub(crate) fn remembers_its_keys(mut self) -> Self {
        self.operation.remembers_its_keys = true;
        self
    }

    pub(crate) fn may_be_missing(mut self) -> Self {
        self.operation.may_be_missing = true;
        self
    }

    pub(crate) fn versioned(mut self) -> Self {
        self.operation.is_versioned = true;
        self
    }
}
