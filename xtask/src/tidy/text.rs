//! Words that no file may have.
//!
//! The words stand here in two halves, or this file would be the first to break its own rule.

use super::File;

/// A word, which files are searched for it, and why it has no place there.
struct Banned {
    word: &'static str,
    suffix: &'static str,
    reason: &'static str,
}

const REGISTRY: &str = "it names a package registry's host: every machine has its own, set up for its tools";
const MACHINE: &str = "it is a path of one machine: nobody else has it";

const BANNED: [Banned; 12] = [
    Banned { word: concat!("todo", "!("), suffix: ".rs", reason: "it is unfinished" },
    Banned { word: concat!("dbg", "!("), suffix: ".rs", reason: "it is for finding a mistake, not for keeping" },
    Banned { word: concat!("crates", ".io"), suffix: "", reason: REGISTRY },
    Banned { word: concat!("pypi", ".org"), suffix: "", reason: REGISTRY },
    Banned { word: concat!("python", "hosted.org"), suffix: "", reason: REGISTRY },
    Banned { word: concat!("registry.npm", "js.org"), suffix: "", reason: REGISTRY },
    Banned { word: concat!("deb.deb", "ian.org"), suffix: "", reason: REGISTRY },
    Banned { word: concat!("proxy.gol", "ang.org"), suffix: "", reason: REGISTRY },
    Banned { word: concat!("/wo", "rk/"), suffix: "", reason: MACHINE },
    Banned { word: concat!("/ro", "ot/"), suffix: "", reason: MACHINE },
    Banned { word: concat!("/ho", "me/"), suffix: "", reason: MACHINE },
    Banned { word: concat!("../sha", "red"), suffix: "", reason: MACHINE },
];

/// Written by cargo, which names its index in it.
const EXEMPT: &str = "Cargo.lock";

pub(super) fn problems(files: &[File]) -> Vec<String> {
    let mut problems = Vec::new();
    for file in files.iter().filter(|file| file.path != EXEMPT) {
        for banned in BANNED.iter().filter(|banned| file.path.ends_with(banned.suffix)) {
            for (at, line) in file.text.lines().enumerate().filter(|(_, line)| has(line, banned.word)) {
                problems.push(format!("{}:{}: {:?}: {} ({})", file.path, at + 1, banned.word, banned.reason, line.trim()));
            }
        }
    }
    problems
}

/// Whether a line has the word from its start: a folder of the same name further down a path is another thing.
fn has(line: &str, word: &str) -> bool {
    let is_path = word.starts_with('/');
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !is_path || !before.is_some_and(|character| character.is_alphanumeric() || "_-.})*".contains(character))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(path: &str, text: &str) -> usize {
        problems(&[File { path: path.to_owned(), text: text.to_owned() }]).len()
    }

    #[test]
    fn banned_words_are_found_where_they_are_banned() {
        assert_eq!(count("a.rs", concat!("let x = dbg", "!(1);")), 1);
        assert_eq!(count("a.md", concat!("let x = dbg", "!(1);")), 0);
        assert_eq!(count("a.md", concat!("see https://pypi", ".org/x\nand /ro", "ot/x")), 2);
        assert_eq!(count("a.md", concat!("crates/x/wo", "rk/y")), 0);
        assert_eq!(count("Cargo.lock", concat!("crates", ".io")), 0);
    }
}
