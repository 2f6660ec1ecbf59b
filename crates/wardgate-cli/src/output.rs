//! How results are printed.

pub(crate) mod csv;

use anstyle::Style;
use comfy_table::{Cell, ContentArrangement, Table, presets};
use serde_json::Value;

/// Who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// For programs: the API's own objects.
    Json,
    /// For programs that people read.
    Yaml,
    /// For spreadsheets: the columns of the table.
    Csv,
}

/// One column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Column {
    /// Its heading.
    pub(crate) title: &'static str,
    /// Where in the object the cell is; a point goes down.
    pub(crate) path: &'static str,
}

impl Column {
    pub(crate) const fn new(title: &'static str, path: &'static str) -> Self {
        Self { title, path }
    }
}

pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();

/// A value for programs.
pub(crate) fn document(format: Format, value: &Value) -> String {
    match format {
        Format::Yaml => serde_yaml::to_string(value).unwrap_or_default(),
        Format::Json | Format::Table | Format::Csv => format!("{value:#}\n"),
    }
}

/// Many objects, as whoever reads wants them.
pub(crate) fn many(format: Format, is_quiet: bool, items: Vec<Value>, columns: &[Column], width: Option<u16>) -> String {
    match (is_quiet, format) {
        (true, _) => items.iter().map(|item| format!("{}\n", id(item))).collect(),
        (false, Format::Table) => table(&items, columns, width),
        (false, Format::Csv) => lines(&items, columns),
        (false, format) => document(format, &Value::Array(items)),
    }
}

/// The id of an object.
pub(crate) fn id(item: &Value) -> &str {
    item.get("id").and_then(Value::as_str).unwrap_or_default()
}

/// Objects as a table, a line each.
pub(crate) fn table(items: &[Value], columns: &[Column], width: Option<u16>) -> String {
    let mut table = plain(width);
    table.set_header(columns.iter().map(|column| Cell::new(column.title)));
    for item in items {
        table.add_row(columns.iter().map(|column| cell(at(item, column.path))));
    }
    rendered(table, true)
}

/// Objects as lines of a spreadsheet.
pub(crate) fn lines(items: &[Value], columns: &[Column]) -> String {
    let mut text = csv::header(columns);
    text.extend(items.iter().map(|item| csv::line(item, columns)));
    text
}

/// One object, a field a line: these fields first, then the others.
pub(crate) fn record(item: &Value, first: &[Column], width: Option<u16>) -> String {
    let mut table = plain(width);
    for column in first {
        if let Some(value) = at(item, column.path) {
            table.add_row([column.title.to_owned(), cell(Some(value))]);
        }
    }
    let shown = |name: &str| first.iter().any(|column| column.path.split('.').next() == Some(name));
    for (name, value) in item.as_object().into_iter().flatten() {
        // The path says no more than the id; what is unset says nothing.
        if name != "uri" && !value.is_null() && !shown(name) {
            table.add_row([name.clone(), cell(Some(value))]);
        }
    }
    rendered(table, false)
}

fn plain(width: Option<u16>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    table
}

fn rendered(mut table: Table, has_header: bool) -> String {
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let mut text = String::new();
    for (index, line) in table.lines().enumerate() {
        let line = line.trim_end();
        if has_header && index == 0 {
            text.push_str(&format!("{BOLD}{line}{BOLD:#}\n"));
        } else {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

/// The value at a path.
pub(crate) fn at<'a>(item: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(item, |value, name| value.get(name)).filter(|value| !value.is_null())
}

/// A value in a cell.
fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "-".to_owned(),
        // Nothing that someone wrote on an object steers the terminal of whoever lists it.
        Some(Value::String(text)) => short_time(text).unwrap_or_else(|| text.replace(char::is_control, " ")),
        Some(Value::Array(items)) if items.is_empty() => "-".to_owned(),
        Some(Value::Array(items)) if items.iter().all(Value::is_string) => {
            items.iter().map(|item| cell(Some(item))).collect::<Vec<_>>().join(", ")
        }
        Some(value) if let Some(name) = reference(value) => cell(Some(name)),
        Some(value @ (Value::Object(_) | Value::Array(_))) => {
            serde_yaml::to_string(value).unwrap_or_default().trim_end().to_owned()
        }
        Some(other) => other.to_string(),
    }
}

/// What people call another object that this is a reference to: its name, else its id.
fn reference(value: &Value) -> Option<&Value> {
    let fields = value.as_object().filter(|fields| fields.contains_key("id") && fields.len() <= 3)?;
    fields.get("name").or_else(|| fields.get("id"))
}

/// An instant to the second.
fn short_time(text: &str) -> Option<String> {
    let has_form = text.len() >= 20 && text.as_bytes()[10] == b'T' && text.ends_with('Z');
    let instant: jiff::Timestamp = has_form.then(|| text.parse().ok()).flatten()?;
    Some(format!("{}", instant.strftime("%Y-%m-%d %H:%M:%S")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use serde_json::json;

    const COLUMNS: [Column; 3] =
        [Column::new("ID", "id"), Column::new("CONFIGURATION", "configuration.name"), Column::new("LAST USED", "lastUsed")];

    fn plain_text(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn a_table_has_a_line_for_each_object() {
        let items = [
            json!({"id": "a", "configuration": {"id": "c", "name": "strict"}, "lastUsed": "2026-01-02T03:04:05.678Z"}),
            json!({"id": "b", "configuration": null, "lastUsed": null}),
        ];
        let expected = expect![[r#"
             ID  CONFIGURATION  LAST USED
             a   strict         2026-01-02 03:04:05
             b   -              -
        "#]];
        expected.assert_eq(&plain_text(&table(&items, &COLUMNS, None)));
    }

    #[test]
    fn a_record_shows_what_is_set_and_nested_things_as_yaml() {
        let item = json!({"id": "a", "uri": "/x/a", "access": {"providers": {"allow": ["openai"]}}, "tags": ["x", "y"],
            "metadata": null, "createdBy": {"id": "k", "uri": "/k"}, "count": 3});
        let expected = expect![[r#"
             ID         a
             access     providers:
                          allow:
                          - openai
             count      3
             createdBy  k
             tags       x, y
        "#]];
        expected.assert_eq(&plain_text(&record(&item, &COLUMNS, None)));
    }

    #[test]
    fn a_narrow_terminal_gets_a_narrow_table() {
        let items = [json!({"id": "a".repeat(60)})];
        let text = plain_text(&table(&items, &COLUMNS, Some(40)));
        assert!(text.lines().all(|line| line.chars().count() <= 40), "{text}");
    }
}
