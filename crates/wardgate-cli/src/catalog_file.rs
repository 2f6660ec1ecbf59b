//! The operator's additions to the catalog, read from a file.

use crate::document::yaml::{self, Position};
use std::fmt;
use std::path::Path;
use wardgate_model::Catalog;

/// The largest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// A file that cannot be used, with everything that is wrong in it.
#[derive(Debug, PartialEq, Eq)]
pub struct BadCatalogFile {
    file: String,
    problems: Vec<(Option<Position>, String)>,
}

/// A line for each thing that is wrong: `catalog.yaml:3:12: models[0].pricing.input must be …`.
impl fmt::Display for BadCatalogFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (position, text)) in self.problems.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "\n" })?;
            f.write_str(&self.file)?;
            if let Some(at) = position {
                write!(f, ":{}:{}", at.line, at.column)?;
            }
            write!(f, ": {text}")?;
        }
        Ok(())
    }
}

impl std::error::Error for BadCatalogFile {}

/// Lays the additions of a file over a catalog.
///
/// # Errors
/// When the file cannot be read, or something in it is wrong. The catalog is then of no use.
pub fn add(path: &Path, catalog: &mut Catalog) -> Result<(), BadCatalogFile> {
    let file = path.display().to_string();
    let whole = |text: String| BadCatalogFile { file: file.clone(), problems: vec![(None, text)] };
    let length = std::fs::metadata(path).map_err(|error| whole(format!("cannot be read: {error}")))?.len();
    if length > FILE_BYTES_MAX {
        return Err(whole(format!("is larger than {FILE_BYTES_MAX} bytes")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| whole(format!("cannot be read: {error}")))?;
    if text.lines().all(|line| line.trim().is_empty() || line.starts_with('#')) {
        return Ok(());
    }
    let documents = yaml::documents(&text)
        .map_err(|bad| BadCatalogFile { file: file.clone(), problems: vec![(bad.position, bad.text)] })?;
    let additions = match documents.as_slice() {
        [] => return Ok(()),
        [one] => one,
        _ => return Err(whole("has more than one document".to_owned())),
    };
    catalog.add(additions).map_err(|problems| {
        let problems = problems.into_iter().map(|problem| {
            let told = if problem.path.is_empty() { problem.text } else { format!("{} {}", problem.path, problem.text) };
            (yaml::position_of(&text, 0, &problem.path), told)
        });
        BadCatalogFile { file: file.clone(), problems: problems.collect() }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_with_line_and_column() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("catalog.yaml");
        let check = |text: &str, expected: &str| {
            std::fs::write(&path, text).unwrap();
            let told = add(&path, &mut Catalog::built_in().unwrap()).map_err(|bad| bad.to_string());
            let told = told.map_or_else(|told| told.replace(&dir.path().display().to_string(), ""), |()| "fine".to_owned());
            assert_eq!(told, expected);
        };
        check("", "fine");
        check("# nothing yet\n", "fine");
        check("models:\n- {provider: openai, id: gpt-4o, pricing: {input: 1, output: 2}}\n", "fine");
        check("models: [", "/catalog.yaml:2:1: did not find expected node content");
        check("---\n---\n", "/catalog.yaml: has more than one document");
        check(
            "models:\n- provider: openai\n  id: gpt-4o\n  pricing:\n    input: cheap\n    output: 2\n- {id: x}\n",
            "/catalog.yaml:5:12: models[0].pricing.input must be dollars for a million tokens, with at most six digits after the \
             point: 2.5\n/catalog.yaml:7:3: models[1] must have the field provider",
        );
    }
}
