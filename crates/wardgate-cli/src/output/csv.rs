//! Comma-separated values for spreadsheets and ledgers, quoted as RFC 4180 has it; lines end as on this system.

use super::{Column, at, reference};
use serde_json::Value;

/// The line of headings: where in the object each cell is.
pub(crate) fn header(columns: &[Column]) -> String {
    columns.iter().map(|column| column.path).collect::<Vec<_>>().join(",") + "\n"
}

/// A line for an object.
pub(crate) fn line(item: &Value, columns: &[Column]) -> String {
    columns.iter().map(|column| cell(at(item, column.path))).collect::<Vec<_>>().join(",") + "\n"
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => quoted(&harmless(text)),
        Some(value) if let Some(name) = reference(value) => cell(Some(name)),
        Some(value @ (Value::Array(_) | Value::Object(_))) => quoted(&value.to_string()),
        Some(other) => other.to_string(),
    }
}

/// A spreadsheet takes what begins like this for a formula, and the names of models come from whoever sends requests.
fn harmless(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err();
    if is_formula { format!("'{text}") } else { text.to_owned() }
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cells_are_quoted_where_they_must_be_and_are_no_formulas() {
        const COLUMNS: [Column; 2] = [Column::new("A", "a.b"), Column::new("C", "c")];
        assert_eq!(header(&COLUMNS), "a.b,c\n");
        let cases = [
            (json!({"a": {"b": "x"}, "c": 1.5}), "x,1.5\n"),
            (json!({"a": {"b": "x,\"y\"\n"}, "c": null}), "\"x,\"\"y\"\"\n\",\n"),
            (json!({"a": {"b": "=1+1"}, "c": "-0.5"}), "'=1+1,-0.5\n"),
            (json!({"a": {"b": {"id": "k", "uri": "/k", "name": "ci"}}, "c": {"id": "k"}}), "ci,k\n"),
            (json!({"a": {"b": "@x"}, "c": ["y"]}), "'@x,\"[\"\"y\"\"]\"\n"),
        ];
        for (item, expected) in cases {
            assert_eq!(line(&item, &COLUMNS), expected);
        }
    }
}
