//! The map that a newcomer reads: every crate is on it, it stays short, and every crate says what it is.

use super::File;
use super::manifest::Manifest;

const MAP: &str = "ARCHITECTURE.md";
/// A map that takes an hour to read is no map.
const MAP_LINES_MAX: usize = 200;

pub(super) fn problems(manifests: &[Manifest], files: &[File]) -> Vec<String> {
    let mut problems = Vec::new();
    match files.iter().find(|file| file.path == MAP) {
        None => problems.push(format!("{MAP} is missing")),
        Some(map) => {
            let lines = map.text.lines().count();
            if lines >= MAP_LINES_MAX {
                problems.push(format!("{MAP} has {lines} lines: it is to stay below {MAP_LINES_MAX}"));
            }
            let absent = manifests.iter().filter(|manifest| !names(&map.text, &manifest.name));
            problems.extend(absent.map(|manifest| format!("{MAP} does not name the crate {}", manifest.name)));
        }
    }
    let roots = files.iter().filter(|file| file.path.ends_with("src/lib.rs") || file.path.ends_with("src/main.rs"));
    for root in roots.filter(|root| !root.text.starts_with("//! ")) {
        problems.push(format!("{} does not open with what the crate does (`//! …`)", root.path));
    }
    problems
}

/// Whether a text has a name as a word of its own, and not as the start of a longer name.
fn names(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let is_part = |character: char| character.is_ascii_alphanumeric() || character == '-';
        let after = text[at + name.len()..].chars().next();
        let before = text[..at].chars().next_back();
        !after.is_some_and(is_part) && !before.is_some_and(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_whole_word() {
        assert!(names("| `wardgate-store` | traits |", "wardgate-store"));
        assert!(!names("| `wardgate-store-sql` | adapters |", "wardgate-store"));
    }

    #[test]
    fn every_crate_is_on_the_map_and_introduces_itself() {
        let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
        let files =
            [file(MAP, "wardgate-keys"), file("crates/a/src/lib.rs", "//! Says."), file("crates/b/src/lib.rs", "mod x;")];
        let manifests = [Manifest::sample("wardgate-keys", &[], &[]), Manifest::sample("wardgate-wire", &[], &[])];
        assert_eq!(
            problems(&manifests, &files),
            [
                "ARCHITECTURE.md does not name the crate wardgate-wire",
                "crates/b/src/lib.rs does not open with what the crate does (`//! …`)"
            ]
        );
    }
}
