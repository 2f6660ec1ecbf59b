//! Model strings, and the catalog of providers and models they are looked up in.
//!
//! Providers and models are data files under `data/`; this crate reads them, lays an account's own providers over them, and
//! turns what a client wrote into a provider and a model. It knows nothing of HTTP, keys or the order in which to try things.
//! Start reading at [`resolve`].

pub mod ability;
pub mod additions;
pub mod base_url;
pub mod catalog;
pub mod constraints;
mod data;
pub mod live;
mod load;
pub mod model;
pub mod model_string;
pub mod nearest;
pub mod overlay;
pub mod price;
pub mod provider;
pub mod resolve;

pub use ability::{Abilities, Ability, AbilitySet};
pub use catalog::Catalog;
pub use constraints::{Constraints, Thinking};
pub use live::LiveCatalog;
pub use model::Model;
pub use overlay::Overlay;
pub use provider::{
    AuthScheme, DataPolicy, Datacenter, DeclaredModel, Endpoint, HostTool, Origin, ParamNames, Provider, Quirk,
};
pub use resolve::{ResolveError, Target, hosts, resolve};
