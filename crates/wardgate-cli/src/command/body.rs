//! A request body out of options and a file.

use super::arguments::NEW_NAME;
use super::find;
use crate::expiry;
use crate::failure::Failure;
use crate::resource::{Resource, Takes, Verb, When};
use crate::secret_input;
use crate::session::Session;
use clap::ArgMatches;
use serde_json::{Map, Value};
use std::path::PathBuf;

/// The largest file that is read as a body, in bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// What the file and the options say, these over that.
pub(super) async fn body(
    resource: &'static Resource,
    verb: Verb,
    matches: &ArgMatches,
    session: &mut Session,
) -> Result<Map<String, Value>, Failure> {
    let mut body = match matches.get_one::<PathBuf>("from-file") {
        Some(path) => read(path, session)?,
        None => Map::new(),
    };
    for field in resource.fields.iter().filter(|field| field.is_set_by(verb)) {
        let value = match field.takes {
            Takes::Secret => match secret_input::source(matches) {
                Some(source) => Some(Value::from(secret_input::read(&source, &mut session.surroundings)?.expose())),
                None => None,
            },
            Takes::List => matches.get_many::<String>(field.flag).map(|texts| list(&texts.collect::<Vec<_>>())),
            takes => match matches.get_one::<String>(field.flag) {
                Some(text) => Some(single(field.flag, takes, text, session).await?),
                None => None,
            },
        };
        if let Some(value) = value {
            set(&mut body, field.path, value);
        }
    }
    // Other verbs have no such argument.
    if let Ok(Some(name)) = matches.try_get_one::<String>(NEW_NAME) {
        set(&mut body, resource.naming.field, name.as_str().into());
    }
    check(resource, verb, &body)?;
    Ok(body)
}

fn check(resource: &Resource, verb: Verb, body: &Map<String, Value>) -> Result<(), Failure> {
    if body.is_empty() && verb == Verb::Update {
        return Err(Failure::usage("there is nothing to change").hint("name what is to change; --help lists the options"));
    }
    let missing: Vec<String> = resource
        .fields
        .iter()
        .filter(|field| matches!(field.when, When::CreateRequired | When::Required) && verb == Verb::Create)
        .filter(|field| !matches!(field.takes, Takes::Secret) && !body.contains_key(field.path))
        .map(|field| format!("--{}", field.flag))
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(Failure::usage(format!("missing: {}", missing.join(", ")))) }
}

async fn single(flag: &str, takes: Takes, text: &str, session: &mut Session) -> Result<Value, Failure> {
    let is_none = text.is_empty() || text == "none";
    match takes {
        Takes::Number if is_none => Ok(Value::Null),
        Takes::Number => text
            .parse::<u64>()
            .map(Value::from)
            .map_err(|_| Failure::usage(format!("--{flag} takes a whole number or none, and is {text:?}"))),
        Takes::Expiry if is_none || text == "never" => Ok(Value::Null),
        Takes::Expiry => Ok(expiry::future(text, session.surroundings.now())?.to_string().into()),
        Takes::Past => Ok(expiry::past(text, session.surroundings.now())?.to_string().into()),
        Takes::Ref(_) if is_none => Ok(Value::Null),
        Takes::Ref(resource) => Ok(find::id(resource, text, &session.client).await?.into()),
        // Nothing on the command line means nothing on the object.
        Takes::Text | Takes::OneOf(_) | Takes::List | Takes::Secret if text.is_empty() => Ok(Value::Null),
        Takes::Text | Takes::OneOf(_) | Takes::List | Takes::Secret => Ok(text.into()),
    }
}

/// A list, and an empty one if that is all that was written.
fn list(texts: &[&String]) -> Value {
    texts.iter().filter(|text| !text.is_empty()).map(|text| Value::from(text.as_str())).collect()
}

fn set(body: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            body.insert(path.to_owned(), value);
        }
        Some((first, rest)) => {
            let below = body.entry(first).or_insert_with(|| Value::Object(Map::new()));
            if !below.is_object() {
                *below = Value::Object(Map::new());
            }
            if let Value::Object(below) = below {
                set(below, rest, value);
            }
        }
    }
}

/// A file of fields. YAML takes JSON too.
fn read(path: &PathBuf, session: &mut Session) -> Result<Map<String, Value>, Failure> {
    let shown = path.display();
    let text = if path.as_os_str() == "-" {
        session.surroundings.read_input(FILE_BYTES_MAX)?
    } else {
        let failed = |error: std::io::Error| Failure::usage(format!("{shown} cannot be read: {error}"));
        if std::fs::metadata(path).map_err(failed)?.len() > FILE_BYTES_MAX {
            return Err(Failure::usage(format!("{shown} is larger than {FILE_BYTES_MAX} bytes")));
        }
        std::fs::read_to_string(path).map_err(failed)?
    };
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(Failure::usage(format!("the input is longer than {FILE_BYTES_MAX} bytes")));
    }
    match serde_yaml::from_str(&text) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(Failure::usage(format!("{shown} does not hold fields, as `name: value`"))),
        Err(error) => Err(Failure::usage(format!("{shown} is no YAML: {error}"))),
    }
}
