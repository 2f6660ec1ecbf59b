//! A file of settings. Its values become the options' defaults, so that environment and command line go over them.

use anyhow::{Context, bail};
use clap::Command;
use clap::builder::Resettable;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The largest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// The commands that have settings.
const SUBCOMMANDS: [&str; 5] = ["dev", "serve", "doctor", "migrate", "rotate-master-key"];

/// The command line's description, with the defaults of the settings file that is named in `arguments` or the environment.
pub(crate) fn with_settings(command: Command, arguments: impl Iterator<Item = OsString>) -> anyhow::Result<Command> {
    let there = SUBCOMMANDS.into_iter().filter(|name| command.find_subcommand(name).is_some());
    let subcommands: Vec<&str> = there.collect();
    let mut command = subcommands.iter().fold(command, |command, name| command.mut_subcommand(name, without_empty_variables));
    let arguments: Vec<OsString> = arguments.collect();
    // Other commands have no use for the file, so it does not matter to them whether there is one.
    if !arguments.get(1).is_some_and(|name| subcommands.iter().any(|subcommand| name == subcommand)) {
        return Ok(command);
    }
    let Some(path) = named(arguments.into_iter()) else {
        return Ok(command);
    };
    let values = read(&path)?;
    for name in subcommands {
        command = command.mut_subcommand(name, |subcommand| defaults(subcommand, &values));
    }
    let known = |name: &str| command.find_subcommand("serve").is_some_and(|serve| has_option(serve, name));
    let unknown: Vec<&str> = values.keys().map(String::as_str).filter(|name| !known(name)).collect();
    if !unknown.is_empty() {
        bail!("{}: unknown settings: {}; `wardgate serve --help` lists those there are", path.display(), unknown.join(", "));
    }
    Ok(command)
}

fn named(arguments: impl Iterator<Item = OsString>) -> Option<PathBuf> {
    let mut arguments = arguments.skip(1);
    while let Some(argument) = arguments.next() {
        let text = argument.to_string_lossy();
        if text == "--settings" {
            return arguments.next().map(PathBuf::from);
        }
        if let Some(path) = text.strip_prefix("--settings=") {
            return Some(PathBuf::from(path));
        }
    }
    #[expect(clippy::disallowed_methods, reason = "settings are what reads the environment")]
    std::env::var_os("WARDGATE_SETTINGS").map(PathBuf::from)
}

fn read(path: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let shown = path.display();
    let metadata = std::fs::metadata(path).with_context(|| format!("the settings file {shown} cannot be read"))?;
    if metadata.len() > FILE_BYTES_MAX {
        bail!("the settings file {shown} is larger than {FILE_BYTES_MAX} bytes");
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("the settings file {shown} cannot be read"))?;
    let values: BTreeMap<String, serde_yaml::Value> =
        serde_yaml::from_str(&text).with_context(|| format!("the settings file {shown} is not a list of `name: value`"))?;
    values
        .into_iter()
        .map(|(name, value)| {
            let text = match value {
                serde_yaml::Value::String(text) => text,
                serde_yaml::Value::Number(number) => number.to_string(),
                serde_yaml::Value::Bool(flag) => flag.to_string(),
                serde_yaml::Value::Sequence(items) => {
                    items.iter().filter_map(serde_yaml::Value::as_str).collect::<Vec<_>>().join(",")
                }
                _ => bail!("{shown}: the setting {name} must be a text or a number"),
            };
            Ok((name, text))
        })
        .collect()
}

/// A variable that is set to nothing counts as not set, as tools that fill in templates mean it.
fn without_empty_variables(command: Command) -> Command {
    #[expect(clippy::disallowed_methods, reason = "settings are what reads the environment")]
    let is_empty = |name: &std::ffi::OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    let empty: Vec<clap::Id> = command
        .get_arguments()
        .filter(|argument| argument.get_env().is_some_and(is_empty))
        .map(|argument| argument.get_id().clone())
        .collect();
    empty.into_iter().fold(command, |command, id| command.mut_arg(id, |argument| argument.env(Resettable::Reset)))
}

fn has_option(command: &Command, name: &str) -> bool {
    command.get_arguments().any(|argument| argument.get_long() == Some(name))
}

fn defaults(command: Command, values: &BTreeMap<String, String>) -> Command {
    values.iter().fold(command, |command, (name, value)| {
        if !has_option(&command, name) {
            return command;
        }
        let id = name.replace('-', "_");
        command.mut_arg(id, |argument| argument.default_value(value.clone()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Arg, Command};

    fn command() -> Command {
        let listen = || Arg::new("admin_listen").long("admin-listen").default_value("a");
        Command::new("x")
            .subcommand(Command::new("dev").arg(listen()))
            .subcommand(Command::new("serve").arg(listen()).arg(Arg::new("settings").long("settings").num_args(1)))
    }

    fn parsed(file: &str, line: &[&str]) -> anyhow::Result<String> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("s.yaml");
        std::fs::write(&path, file)?;
        let mut all = vec![OsString::from("x"), "serve".into(), "--settings".into(), path.into()];
        all.extend(line.iter().map(OsString::from));
        let matches = with_settings(command(), all.clone().into_iter())?.try_get_matches_from(all)?;
        let Some(("serve", serve)) = matches.subcommand() else { bail!("no subcommand") };
        Ok(serve.get_one::<String>("admin_listen").cloned().unwrap_or_default())
    }

    #[test]
    fn the_command_line_goes_over_the_file_and_the_file_over_defaults() {
        assert_eq!(parsed("admin-listen: b", &[]).unwrap(), "b");
        assert_eq!(parsed("admin-listen: b", &["--admin-listen", "c"]).unwrap(), "c");
    }

    #[test]
    fn an_unknown_setting_is_an_error_that_names_it() {
        let error = parsed("admin-lisen: b", &[]).unwrap_err().to_string();
        assert!(error.contains("unknown settings: admin-lisen"), "{error}");
        assert!(parsed("- a", &[]).is_err() && parsed("admin-listen: {}", &[]).is_err());
    }
}
