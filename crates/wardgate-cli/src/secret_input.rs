//! Credentials from anywhere but the command line, which every user of a machine can read.

use crate::failure::Failure;
use crate::surroundings::{SECRET_BYTES_MAX, Surroundings};
use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command};
use std::path::{Path, PathBuf};
use wardgate_core::secret::Secret;

/// Where a credential is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// In a variable of the environment.
    Variable(String),
    /// In a file.
    File(PathBuf),
    /// On standard input.
    Input,
}

/// The three options that name one.
pub(crate) fn options(command: Command, help: &str) -> Command {
    command
        .arg(Arg::new("value-env").long("value-env").value_name("VARIABLE").help(format!("{help}, in this variable")))
        .arg(
            Arg::new("value-file")
                .long("value-file")
                .value_name("PATH")
                .value_parser(clap::value_parser!(PathBuf))
                .help(format!("{help}, in this file")),
        )
        .arg(Arg::new("value-stdin").long("value-stdin").action(ArgAction::SetTrue).help(format!("{help}, on standard input")))
        .group(ArgGroup::new("value").args(["value-env", "value-file", "value-stdin"]).required(true))
}

/// What those options say.
pub(crate) fn source(matches: &ArgMatches) -> Option<Source> {
    if let Some(name) = matches.get_one::<String>("value-env") {
        Some(Source::Variable(name.clone()))
    } else if let Some(path) = matches.get_one::<PathBuf>("value-file") {
        Some(Source::File(path.clone()))
    } else {
        matches.get_flag("value-stdin").then_some(Source::Input)
    }
}

/// The credential itself, without the line's end that editors and `echo` add.
pub(crate) fn read(source: &Source, surroundings: &mut Surroundings) -> Result<Secret, Failure> {
    let (secret, place) = match source {
        Source::Variable(name) => {
            let value = surroundings.variable(name);
            let value = value.ok_or_else(|| Failure::usage(format!("the variable {name} is not set")))?;
            (Secret::new(value), format!("the variable {name}"))
        }
        Source::File(path) => (read_file(path)?, path.display().to_string()),
        Source::Input => (surroundings.read_secret()?, "standard input".to_owned()),
    };
    let text = secret.expose().trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(Failure::usage(format!("{place} holds no credential: it is empty")));
    }
    // The API would refuse it too, but in words about a field.
    if text.contains(char::is_control) {
        return Err(Failure::usage(format!("{place} holds more than a credential: it has several lines")));
    }
    Ok(Secret::from(text))
}

fn read_file(path: &Path) -> Result<Secret, Failure> {
    let failed = |error: &std::io::Error| Failure::usage(format!("{} cannot be read: {error}", path.display()));
    let length = std::fs::metadata(path).map_err(|error| failed(&error))?.len();
    if length > SECRET_BYTES_MAX {
        return Err(Failure::usage(format!("{} is larger than any credential", path.display())));
    }
    std::fs::read_to_string(path).map(Secret::new).map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use std::io::Cursor;

    fn check(source: &Source, input: &str, expected: Result<&str, &str>) {
        let (mut surroundings, _) = testing::surroundings(&[("KEY", "sk-env")]);
        surroundings.input = Box::new(Cursor::new(input.to_owned().into_bytes()));
        match (read(source, &mut surroundings), expected) {
            (Ok(secret), Ok(text)) => assert_eq!(secret.expose(), text),
            (Err(failure), Err(text)) => assert!(failure.text.contains(text), "{failure}"),
            (Ok(_), Err(text)) => panic!("not refused: {text}"),
            (Err(failure), Ok(_)) => panic!("{failure}"),
        }
    }

    #[test]
    fn a_credential_comes_without_its_line_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        std::fs::write(&path, "sk-file\r\n").unwrap();
        check(&Source::File(path), "", Ok("sk-file"));
        check(&Source::Variable("KEY".to_owned()), "", Ok("sk-env"));
        check(&Source::Input, "sk-in\n", Ok("sk-in"));
    }

    #[test]
    fn what_is_no_credential_is_refused_by_its_place() {
        check(&Source::Input, "\n", Err("standard input holds no credential"));
        check(&Source::Input, "a\nb", Err("several lines"));
        check(&Source::Variable("NONE".to_owned()), "", Err("NONE is not set"));
        check(&Source::File("/nowhere/key".into()), "", Err("/nowhere/key cannot be read"));
    }
}
