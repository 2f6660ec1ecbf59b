//! Where the management API is, and who asks.

use crate::failure::{Exit, Failure};
use crate::output::Format;
use crate::surroundings::Surroundings;
use serde::Deserialize;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use wardgate_core::secret::Secret;

// The options that every command of this crate has. No documentation: it would become that of each command.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Connection and output")]
pub(crate) struct Connection {
    /// The management API [env: WARDGATE_ADMIN_URL] [default: that of the gateway that runs on the data directory, else
    /// http://127.0.0.1:8081].
    #[arg(long, global = true, alias = "admin-url", value_name = "URL")]
    pub(crate) url: Option<String>,
    /// The API or operator key. Other users of this machine can see a command line: prefer the variables [env: WARDGATE_API_KEY,
    /// WARDGATE_OPERATOR_KEY], or run the command where `wardgate dev` keeps its data.
    #[arg(long, global = true, alias = "api-key", value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// The account to work in, by name or id, with an operator key [env: WARDGATE_ACCOUNT].
    #[arg(long, global = true, value_name = "ACCOUNT")]
    pub(crate) account: Option<String>,
    /// Where a gateway on this machine keeps its data, and in it the first keys [env: WARDGATE_DATA_DIR] [default: .wardgate].
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// How to print.
    #[arg(long, short, global = true, value_enum, default_value_t = Format::Table)]
    pub(crate) output: Format,
    /// Print ids only.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
}

/// Whose key a command wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// That of one account.
    Account,
    /// The operator's.
    Operator,
    /// The operator's, in one account.
    OperatorInAccount,
}

/// Everything to call with.
pub(crate) struct Target {
    /// Without a slash at its end.
    pub(crate) url: String,
    pub(crate) key: Secret,
    /// Where the key comes from, for when it is refused.
    pub(crate) key_source: String,
    /// The account that an operator key acts in.
    pub(crate) account: Option<String>,
}

const DEFAULT_URL: &str = "http://127.0.0.1:8081";
const DEFAULT_DATA_DIR: &str = ".wardgate";

impl Connection {
    /// Settles what is to be called with which key: options go over the environment, that over the files of a local gateway.
    pub(crate) fn target(&self, surroundings: &Surroundings, scope: Scope) -> Result<Target, Failure> {
        let url = self.url.clone().or_else(|| surroundings.variable("WARDGATE_ADMIN_URL"));
        let url = url.or_else(|| read_admin_url(&self.data_dir(surroundings)));
        let url = url.unwrap_or_else(|| DEFAULT_URL.to_owned()).trim_end_matches('/').to_owned();
        if !(url.starts_with("http://") || url.starts_with("https://")) {
            return Err(Failure::usage(format!("--url must start with http:// or https://, and is {url}")));
        }
        let account = self.account.clone().or_else(|| surroundings.variable("WARDGATE_ACCOUNT"));
        let (key, key_source) = self.key(surroundings, scope, account.is_some())?;
        // An API key acts in its own account, and the server refuses the header with one.
        let is_operators = key.expose().starts_with("ngo-");
        if self.account.is_some() && !is_operators {
            let text =
                format!("--account is for operator keys, and {key_source} is not one: an API key acts in its own account");
            return Err(Failure::usage(text));
        }
        if scope != Scope::Operator && is_operators && account.is_none() {
            return Err(Failure::usage(format!("{key_source} is an operator key: name the account to work in"))
                .hint("pass --account NAME, or set WARDGATE_ACCOUNT; `wardgate account list` shows which there are"));
        }
        Ok(Target { url, key, key_source, account: account.filter(|_| is_operators) })
    }

    /// Whether there is anything that says which gateway to ask.
    pub(crate) fn has_context(&self, surroundings: &Surroundings) -> bool {
        let is_set = |name: &str| surroundings.variable(name).is_some();
        self.url.is_some()
            || self.key.is_some()
            || self.account.is_some()
            || ["WARDGATE_ADMIN_URL", "WARDGATE_ACCOUNT", API_KEY, OPERATOR_KEY].into_iter().any(is_set)
            || self.data_dir(surroundings).join("credentials.json").exists()
    }

    fn key(&self, surroundings: &Surroundings, scope: Scope, has_account: bool) -> Result<(Secret, String), Failure> {
        if let Some(key) = self.key.as_deref().filter(|key| !key.is_empty()) {
            return Ok((Secret::from(key), "the key of --key".to_owned()));
        }
        let wants_operator = scope != Scope::Account || has_account;
        let (first, second) = if wants_operator { (OPERATOR_KEY, API_KEY) } else { (API_KEY, OPERATOR_KEY) };
        for name in [first, second] {
            if let Some(key) = surroundings.variable(name) {
                return Ok((Secret::new(key), format!("the key of {name}")));
            }
        }
        let path = self.data_dir(surroundings).join("credentials.json");
        let credentials = read_credentials(&path)?.ok_or_else(|| {
            Failure::new(Exit::Refused, format!("there is no key: {first} is not set, and {} does not exist", path.display()))
                .hint(format!("set {first}, or point --data-dir at the data of a gateway on this machine"))
        })?;
        let key = if wants_operator { credentials.operator_key } else { credentials.api_key };
        Ok((Secret::new(key), format!("the key of {}", path.display())))
    }

    fn data_dir(&self, surroundings: &Surroundings) -> PathBuf {
        let dir = self.data_dir.clone().or_else(|| surroundings.variable("WARDGATE_DATA_DIR").map(PathBuf::from));
        dir.unwrap_or_else(|| PathBuf::from(DEFAULT_DATA_DIR))
    }
}

const API_KEY: &str = "WARDGATE_API_KEY";
const OPERATOR_KEY: &str = "WARDGATE_OPERATOR_KEY";

/// What a gateway writes at its first start.
#[derive(Deserialize)]
struct Credentials {
    api_key: String,
    operator_key: String,
}

/// What a gateway writes while it runs.
#[derive(Deserialize)]
struct Addresses {
    admin_url: String,
}

/// Where the gateway that runs on this directory is, if one does and says so.
fn read_admin_url(data_dir: &Path) -> Option<String> {
    let text = std::fs::read_to_string(data_dir.join("addresses.json")).ok()?;
    serde_json::from_str::<Addresses>(&text).ok().map(|addresses| addresses.admin_url)
}

fn read_credentials(path: &Path) -> Result<Option<Credentials>, Failure> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => Secret::new(text),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::error(format!("{} cannot be read: {error}", path.display()))),
    };
    // The error would quote the text.
    serde_json::from_str(text.expose()).map(Some).map_err(|_| {
        Failure::error(format!("{} is not what a gateway writes", path.display())).hint("set WARDGATE_API_KEY instead")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use clap::{Args, FromArgMatches};

    /// Key and account of a command line in an environment, or the failure's text.
    fn check(line: &[&str], environment: &[(&str, &str)], scope: Scope, expected: Result<(&str, Option<&str>), &str>) {
        let dir = tempfile::tempdir().unwrap();
        let file = r#"{"access_key": "ng-1", "api_key": "nga-file", "operator_key": "ngo-file", "more": 1}"#;
        std::fs::write(dir.path().join("credentials.json"), file).unwrap();
        let command = Connection::augment_args(clap::Command::new("x"));
        let matches = command.get_matches_from(["x"].iter().chain(line));
        let mut connection = Connection::from_arg_matches(&matches).unwrap();
        connection.data_dir.get_or_insert(dir.path().to_owned());
        let (surroundings, _) = testing::surroundings(environment);
        let target = connection.target(&surroundings, scope);
        match (target, expected) {
            (Ok(target), Ok((key, account))) => {
                assert_eq!((target.key.expose(), target.account.as_deref()), (key, account), "{line:?}");
                assert_eq!(target.url, "http://127.0.0.1:8081");
            }
            (Err(failure), Err(text)) => assert!(failure.text.contains(text), "{failure}"),
            (Ok(target), Err(_)) => panic!("{}", target.key_source),
            (Err(failure), Ok(_)) => panic!("{failure}"),
        }
    }

    #[test]
    fn options_go_over_the_environment_and_that_over_files() {
        let both = [("WARDGATE_API_KEY", "nga-env"), ("WARDGATE_OPERATOR_KEY", "ngo-env")];
        check(&["--key", "nga-flag"], &both, Scope::Account, Ok(("nga-flag", None)));
        check(&[], &both, Scope::Account, Ok(("nga-env", None)));
        check(&[], &both, Scope::Operator, Ok(("ngo-env", None)));
        check(&["--account", "acme"], &both, Scope::Account, Ok(("ngo-env", Some("acme"))));
        check(&[], &[("WARDGATE_API_KEY", "")], Scope::Account, Ok(("nga-file", None)));
        check(&[], &[], Scope::Operator, Ok(("ngo-file", None)));
    }

    #[test]
    fn a_gateway_that_runs_here_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let url = |environment: &[(&str, &str)]| {
            let command = Connection::augment_args(clap::Command::new("x"));
            let mut connection = Connection::from_arg_matches(&command.get_matches_from(["x", "--key", "nga-1"])).unwrap();
            connection.data_dir = Some(dir.path().to_owned());
            connection.target(&testing::surroundings(environment).0, Scope::Account).unwrap().url
        };
        assert_eq!(url(&[]), DEFAULT_URL);
        std::fs::write(dir.path().join("addresses.json"), r#"{"admin_url": "http://127.0.0.1:7"}"#).unwrap();
        assert_eq!(url(&[]), "http://127.0.0.1:7");
        assert_eq!(url(&[("WARDGATE_ADMIN_URL", "http://127.0.0.1:8/")]), "http://127.0.0.1:8");
        std::fs::write(dir.path().join("addresses.json"), "half").unwrap();
        assert_eq!(url(&[]), DEFAULT_URL);
    }

    #[test]
    fn an_operator_key_needs_an_account_where_there_is_one() {
        let operator = [("WARDGATE_OPERATOR_KEY", "ngo-env")];
        check(&[], &operator, Scope::Account, Err("name the account"));
        check(&[], &operator, Scope::OperatorInAccount, Err("name the account"));
        check(&[], &operator, Scope::Operator, Ok(("ngo-env", None)));
        let account = [("WARDGATE_OPERATOR_KEY", "ngo-env"), ("WARDGATE_ACCOUNT", "acme")];
        check(&[], &account, Scope::Account, Ok(("ngo-env", Some("acme"))));
    }

    #[test]
    fn what_cannot_work_is_refused_before_anything_is_sent() {
        check(&["--key", "nga-flag", "--account", "acme"], &[], Scope::Account, Err("--account is for operator keys"));
        check(&["--url", "127.0.0.1"], &[], Scope::Account, Err("--url must start"));
        check(&["--data-dir", "/nowhere"], &[], Scope::Account, Err("there is no key"));
    }
}
