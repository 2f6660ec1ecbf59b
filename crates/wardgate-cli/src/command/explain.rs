//! `wardgate explain`: how a request would be routed, and why.

use super::{find, open};
use crate::connection::Scope;
use crate::failure::Failure;
use crate::output::{self, Column, Format};
use crate::resource::ACCESS_KEY;
use crate::session::Session;
use crate::surroundings::Surroundings;
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Map, Value, json};

const CANDIDATES: [Column; 8] = [
    Column::new("TRY", "try"),
    Column::new("PROVIDER", "provider"),
    Column::new("MODEL", "model"),
    Column::new("CREDENTIAL", "credential"),
    Column::new("KEY", "providerKeyId"),
    Column::new("USD/M IN", "inputPrice"),
    Column::new("USD/M OUT", "outputPrice"),
    Column::new("HEALTH", "health"),
];

const DROPPED: [Column; 4] = [
    Column::new("LEFT OUT", "what"),
    Column::new("ASKED", "asked"),
    Column::new("FILTER", "filter"),
    Column::new("WHY", "why"),
];

pub(super) fn command() -> Command {
    Command::new("explain")
        .about("How a request would be routed, and why; nothing is sent to a provider")
        .after_help(
            "Examples:\n  wardgate explain --access-key ci --model gpt-4o\n  \
             wardgate explain --access-key ci --model openai/gpt-oss-120b --model gpt-4o-mini --output json\n  \
             wardgate explain --access-key ci --request '{\"model\": \"auto\", \"provider\": {\"sort\": \"price\"}}'",
        )
        .arg(Arg::new("access-key").long("access-key").value_name("NAME").required(true).help("The access key, by name or id"))
        .arg(
            Arg::new("model")
                .long("model")
                .value_name("MODEL")
                .action(ArgAction::Append)
                .required_unless_present("request")
                .help("What is asked for; again for each fallback"),
        )
        .arg(
            Arg::new("surface")
                .long("surface")
                .value_name("SURFACE")
                .default_value("chat-completions")
                .help("Where it would be sent: chat-completions, messages, responses, …"),
        )
        .arg(
            Arg::new("request")
                .long("request")
                .value_name("JSON")
                .help("The request's body, for all that a model does not say"),
        )
}

pub(super) async fn run(matches: &ArgMatches, surroundings: Surroundings) -> Result<(), Failure> {
    let request = request(matches)?;
    let mut session = open(matches, surroundings, Scope::Account)?;
    let word = |name: &str| matches.get_one::<String>(name).map(String::as_str).unwrap_or_default();
    let key = find::id(&ACCESS_KEY, word("access-key"), &session.client).await?;
    let body = json!({"accessKeyId": key, "surface": word("surface"), "request": request});
    let explanation = session.client.post("/explain", &body).await?.body;
    show(&explanation, &mut session);
    Ok(())
}

/// The request that is asked about.
fn request(matches: &ArgMatches) -> Result<Map<String, Value>, Failure> {
    let mut request = match matches.get_one::<String>("request") {
        Some(text) => {
            serde_json::from_str(text).map_err(|error| Failure::usage(format!("--request is no JSON object: {error}")))?
        }
        None => Map::new(),
    };
    let mut models = matches.get_many::<String>("model").into_iter().flatten();
    if let Some(model) = models.next() {
        request.insert("model".to_owned(), json!(model));
        let fallbacks: Vec<&String> = models.collect();
        if !fallbacks.is_empty() {
            request.insert("models".to_owned(), json!(fallbacks));
        }
    }
    request.entry("messages").or_insert_with(|| json!([{"role": "user", "content": "Hello"}]));
    Ok(request)
}

fn show(explanation: &Value, session: &mut Session) {
    if session.format != Format::Table {
        let text = output::document(session.format, explanation);
        session.surroundings.print(&text);
        return;
    }
    let list = |name: &str| explanation.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |value: &Value, path: &str| output::at(value, path).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut candidates = list("candidates");
    for (index, candidate) in candidates.iter_mut().enumerate() {
        candidate["try"] = json!(index + 1);
    }
    if !candidates.is_empty() {
        session.show_all(candidates, &CANDIDATES);
    }
    let mut dropped = list("dropped");
    for dropped in &mut dropped {
        let provider = text(dropped, "provider");
        dropped["what"] = if provider.is_empty() {
            dropped["asked"].clone()
        } else {
            json!(format!("{provider}:{}", text(dropped, "model")))
        };
    }
    if !dropped.is_empty() {
        session.show_all(dropped, &DROPPED);
    }
    session.surroundings.note(&text(explanation, "summary"));
    if explanation.get("refusal").is_some_and(|refusal| !refusal.is_null()) {
        let (code, message) = (text(explanation, "refusal.code"), text(explanation, "refusal.message"));
        let status = output::at(explanation, "refusal.status").map(ToString::to_string).unwrap_or_default();
        session.surroundings.note(&format!("the client is told {status} {code}: {message}"));
    }
}
