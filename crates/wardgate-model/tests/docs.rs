//! The page about providers says what the data say.

use expect_test::expect_file;
use std::fmt::Write;
use wardgate_model::{Catalog, Provider};

/// What is written by hand stands above this, what comes from the data below it.
const MARKER: &str = "<!-- from the data of wardgate-model; UPDATE_EXPECT=1 writes it -->\n";

fn row(table: &mut String, provider: &Provider) {
    let mut surfaces: Vec<String> = Vec::new();
    let mut schemes: Vec<&str> = Vec::new();
    let mut removed: Vec<String> = Vec::new();
    for endpoint in &provider.endpoints {
        let (surface, format) = (endpoint.surface.name(), endpoint.format.name());
        let is_native = endpoint.format == endpoint.surface.format();
        surfaces.push(if is_native { surface.to_owned() } else { format!("{surface} as {format}") });
        if !schemes.contains(&endpoint.auth.name()) {
            schemes.push(endpoint.auth.name());
        }
        removed.extend(endpoint.unsupported_params.iter().flat_map(|names| names.iter().map(|name| format!("`{name}`"))));
    }
    removed.sort_unstable();
    removed.dedup();
    let shape = provider.key_shape.as_ref().map(|shape| format!("`{shape}`")).unwrap_or_default();
    let variable = provider.environment_variable.as_deref().unwrap_or_default();
    let (name, id) = (&provider.display_name, &provider.name);
    let (schemes, surfaces, removed) = (schemes.join(", "), surfaces.join(", "), removed.join(", "));
    // Writing to a string does not fail.
    let _ = writeln!(table, "| `{id}` | {name} | `{variable}` | {shape} | {schemes} | {surfaces} | {removed} |");
}

#[test]
fn the_page_says_what_the_data_say() {
    let catalog = Catalog::built_in().unwrap_or_else(|error| panic!("{error}"));
    let head = "\n| id | name | variable in `dev` | key | opened by | surfaces | removed |\n|---|---|---|---|---|---|---|\n";
    let mut table = String::from(head);
    catalog.providers().for_each(|provider| row(&mut table, provider));
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/providers.md");
    let text = std::fs::read_to_string(page).unwrap_or_else(|error| panic!("{error}"));
    let prose = text.split_once(MARKER).map_or(text.as_str(), |(prose, _)| prose);
    expect_file![page].assert_eq(&format!("{prose}{MARKER}{table}"));
}
