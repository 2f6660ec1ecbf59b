//! Credits: prepaid money. The gateway takes no payments: an account asks for credits, the operator says whether it got them.

mod add;
mod balance;
mod checkout;
mod purchases;
mod settle;
mod transactions;

use crate::route::Route;

/// The group of the operations in the description.
const TAG: &str = "Credits";

pub(crate) fn routes() -> Vec<Route> {
    let mut routes = vec![balance::route(), transactions::route(), add::route(), checkout::route()];
    routes.extend(purchases::routes());
    routes.extend(settle::routes());
    routes
}
