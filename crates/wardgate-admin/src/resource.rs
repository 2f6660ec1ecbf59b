//! What resources have in common.
//!
//! A resource is a kind of object that the store keeps, and how the API shows it ([`Resource`]). What it takes to make one is
//! [`Create`], and to change one [`Update`]. The verbs in the files below work on any of them; a resource brings an endpoint of
//! its own only for what the others do not have.

mod create;
pub(crate) mod delete;
mod get;
pub(crate) mod list;
mod update;

pub(crate) use get::found;
pub(crate) use update::{Writes, change};

use crate::body::{Body, Problems};
use crate::context::Context;
use crate::error::ApiError;
use crate::etag;
use crate::page::{LIMIT, Param, Parameters, before_id};
use crate::route::{Access, Route};
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use schemars::JsonSchema;
use serde::Serialize;
use std::ops::Deref;
use std::str::FromStr;
use wardgate_core::id::{AccountId, NotAnId};
use wardgate_core::secret::Secret;
use wardgate_core::stamp::Version;
use wardgate_store::{Collection, Kind, StoreError};

/// A kind of object, and how the API shows it.
pub(crate) trait Resource: Send + Sync + 'static {
    /// What the store keeps.
    type Object: Kind<Id: FromStr<Err = NotAnId>>;

    /// What the API shows.
    type Shown: Serialize + JsonSchema + Send + Sync;

    /// Where the collection is: `/access-keys`.
    const PATH: &'static str;

    /// The name of a list's items: `aiGatewayAccessKeys`.
    const ENVELOPE: &'static str;

    /// What the ids of its operations are made of: `AccessKey`.
    const TITLE: &'static str;

    /// The group of its operations in the description: `Access keys`.
    const TAG: &'static str;

    /// What actions on it begin with in the audit log: `access_key`.
    const ACTION: &'static str;

    /// The query parameters that say which items a list holds.
    const FILTERS: &'static [&'static Param];

    /// The codes of the API we are compatible with for what a store refuses.
    const CODES: Codes = Codes { full: None, conflict: None, referenced: None };

    /// The store's end.
    fn collection(context: &Context) -> Result<Handle<'_, Self::Object>, ApiError>;

    /// Whose it is; none for what belongs to the whole gateway.
    fn owner(context: &Context) -> Option<AccountId> {
        context.caller.account_id
    }

    /// Reads [`Resource::FILTERS`].
    fn filter(context: &Context, parameters: &mut Parameters) -> Result<<Self::Object as Kind>::Filter, ApiError>;

    /// Objects as the API shows them, in their order.
    fn show(context: &Context, objects: Vec<Self::Object>) -> impl Future<Output = Result<Vec<Self::Shown>, ApiError>> + Send;
}

/// The store's end of a kind of objects.
pub(crate) enum Handle<'c, T: Kind> {
    /// Of one account.
    Tenant(Box<dyn Collection<T> + Send + Sync>),
    /// Of the whole gateway.
    Store(&'c (dyn Collection<T> + Send + Sync)),
}

impl<'c, T: Kind> Deref for Handle<'c, T> {
    type Target = dyn Collection<T> + Send + Sync + 'c;

    fn deref(&self) -> &Self::Target {
        match self {
            Self::Tenant(collection) => &**collection,
            Self::Store(collection) => *collection,
        }
    }
}

/// Foreign codes for errors of the store.
pub(crate) struct Codes {
    /// There are as many as there may be.
    pub(crate) full: Option<&'static str>,
    /// A name is taken.
    pub(crate) conflict: Option<&'static str>,
    /// It is still in use.
    pub(crate) referenced: Option<&'static str>,
}

impl Codes {
    pub(crate) fn error(&self, error: StoreError) -> ApiError {
        let error_code = match &error {
            StoreError::Full { .. } => self.full,
            StoreError::Conflict { .. } => self.conflict,
            StoreError::Referenced { .. } => self.referenced,
            _ => None,
        };
        let error = ApiError::from(error);
        if error_code.is_some() { error.known_as(error_code) } else { error }
    }
}

/// A resource that is made by `POST`.
pub(crate) trait Create: Resource {
    /// The request's body.
    type Body: Body;

    /// The object that is wanted.
    fn make(context: &Context, wanted: Self::Body) -> impl Future<Output = Result<Made<Self::Object>, ApiError>> + Send;

    /// Puts the token of a new key where it is shown, this once.
    fn reveal(_: &mut Self::Shown, _: &Secret) {}
}

/// A new object, and its token if it is a key.
pub(crate) struct Made<T> {
    pub(crate) object: T,
    pub(crate) token: Option<Secret>,
}

impl<T> From<T> for Made<T> {
    fn from(object: T) -> Self {
        Self { object, token: None }
    }
}

/// A resource that is changed by `PATCH`.
pub(crate) trait Update: Resource {
    /// The request's body.
    type Body: Body;

    /// Looks for what the change names: another object that must be there.
    fn check(_: &Context, _: &Self::Body) -> impl Future<Output = Result<(), ApiError>> + Send {
        std::future::ready(Ok(()))
    }

    /// Changes an object. It may be called several times, on one version after another.
    fn apply(context: &Context, object: &mut Self::Object, change: &Self::Body, problems: &mut Problems);
}

/// The endpoint that lists them.
pub(crate) fn list<R: Resource>(access: Access) -> Route {
    let noun = R::Object::NAME;
    Route::get(R::PATH, access, list::handle::<R>)
        .named(format!("list{}s", R::TITLE), R::TAG, format!("Lists {noun}s, newest first."))
        .parameters(R::FILTERS.iter().copied().chain([&before_id::<<R::Object as Kind>::Id>(), &LIMIT]))
        .answers_page::<R::Shown>(R::ENVELOPE)
}

/// The endpoint that shows one.
pub(crate) fn get<R: Resource>(access: Access) -> Route {
    Route::get(item::<R>(), access, get::handle::<R>)
        .path_id::<<R::Object as Kind>::Id>()
        .named(format!("get{}", R::TITLE), R::TAG, format!("Shows one {}.", R::Object::NAME))
        .answers::<R::Shown>(200)
        .versioned()
}

/// The endpoint that makes one.
pub(crate) fn create<R: Create>(access: Access) -> Route {
    Route::post(R::PATH, access, create::handle::<R>)
        .named(format!("create{}", R::TITLE), R::TAG, format!("Makes a new {}.", R::Object::NAME))
        .body::<R::Body>()
        .answers::<R::Shown>(201)
}

/// The endpoint that changes one.
pub(crate) fn update<R: Update>(access: Access) -> Route {
    let summary = format!("Changes one {}: what is left out stays, null clears.", R::Object::NAME);
    Route::patch(item::<R>(), access, update::handle::<R>)
        .path_id::<<R::Object as Kind>::Id>()
        .named(format!("update{}", R::TITLE), R::TAG, summary)
        .body::<R::Body>()
        .answers::<R::Shown>(200)
        .versioned()
}

/// The endpoint that deletes one.
pub(crate) fn delete<R: Resource>(access: Access) -> Route {
    Route::delete(item::<R>(), access, delete::handle::<R>)
        .path_id::<<R::Object as Kind>::Id>()
        .named(format!("delete{}", R::TITLE), R::TAG, format!("Deletes one {}.", R::Object::NAME))
        .answers_nothing()
        .versioned()
}

/// The path of one: `/access-keys/{id}`.
pub(crate) fn item<R: Resource>() -> String {
    format!("{}/{{id}}", R::PATH)
}

/// One object as the API shows it.
pub(crate) async fn show_one<R: Resource>(context: &Context, object: R::Object) -> Result<R::Shown, ApiError> {
    R::show(context, vec![object]).await?.pop().ok_or_else(not_found::<R>)
}

/// An answer that shows one version of an object.
pub(crate) fn answer(status: StatusCode, version: Version, shown: &impl Serialize) -> Response {
    (status, [(header::ETAG, etag::value(version))], Json(shown)).into_response()
}

/// An answer that shows a new object.
pub(crate) fn created<R: Resource>(context: &Context, object: &R::Object, shown: &R::Shown) -> Response {
    let mut response = answer(StatusCode::CREATED, object.stamp().version, shown);
    if let Ok(location) = HeaderValue::from_str(&context.app.item_uri(R::PATH, object.id())) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// It is not there, or is another account's.
pub(crate) fn not_found<R: Resource>() -> ApiError {
    ApiError::not_found(R::Object::NAME)
}
