//! The command line as a client of the management API.

use crate::credentials::Credentials;
use anyhow::{Context, anyhow, bail};
use comfy_table::{Table, presets};
use http::{HeaderMap, HeaderValue, Method, header};
use http_body_util::{BodyExt, Limited};
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;
use wardgate_core::secret::Secret;
use wardgate_model::{AuthScheme, Origin};
use wardgate_upstream::{Call, Options, SlicedBody, Upstream, auth};

/// Where the management API is, and who asks.
#[derive(clap::Args)]
pub(crate) struct Connection {
    /// The management API.
    #[arg(long, default_value = "http://127.0.0.1:8081", env = "WARDGATE_ADMIN_URL")]
    admin_url: String,
    /// The API key; without one, the one in the data directory's credentials.json.
    #[arg(long, env = "WARDGATE_API_KEY", hide_env_values = true)]
    api_key: Option<String>,
    /// Where a gateway on this machine keeps its data.
    #[arg(long, default_value = ".wardgate", env = "WARDGATE_DATA_DIR")]
    data_dir: PathBuf,
    /// How to print.
    #[arg(long, short, value_enum, default_value_t = Output::Table)]
    pub(crate) output: Output,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Output {
    /// For people.
    Table,
    /// For programs.
    Json,
    /// For programs that people read.
    Yaml,
}

impl Output {
    /// A result for programs.
    pub(crate) fn render(self, value: &Value) -> String {
        match self {
            Self::Yaml => serde_yaml::to_string(value).unwrap_or_default(),
            Self::Json | Self::Table => format!("{value:#}\n"),
        }
    }
}

/// The largest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How long an answer may take.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);

/// A client with a key.
pub(crate) struct Client {
    admin_url: String,
    api_key: Secret,
    upstream: Upstream,
}

impl Client {
    pub(crate) fn new(connection: &Connection) -> anyhow::Result<Self> {
        let api_key = match &connection.api_key {
            Some(key) => Secret::from(key.as_str()),
            None => match Credentials::read(&connection.data_dir)? {
                Some(credentials) => credentials.api_key,
                None => bail!(
                    "no API key: set WARDGATE_API_KEY, pass --api-key, or point --data-dir at a gateway's data (there is no credentials.json in {})",
                    connection.data_dir.display()
                ),
            },
        };
        let admin_url = connection.admin_url.trim_end_matches('/').to_owned();
        Ok(Self { admin_url, api_key, upstream: Upstream::new(&Options::default()) })
    }

    /// Makes one call; the answer is null where there is no body.
    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let url = format!("{}{path}", self.admin_url);
        let mut headers = HeaderMap::new();
        auth::apply(&mut headers, AuthScheme::Bearer, &self.api_key)
            .context("the API key holds characters that cannot be sent")?;
        let slices = body.map(|body| vec![body.to_string().into()]).unwrap_or_default();
        if body.is_some() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let url_parsed = url.parse().with_context(|| format!("{url} is no URL"))?;
        let call = Call { method, url: url_parsed, origin: Origin::Operator, headers, body: SlicedBody::new(slices) };
        let answer = tokio::time::timeout(ANSWER_TIME_MAX, self.upstream.send(call))
            .await
            .with_context(|| format!("{url} did not answer in time"))?
            .map_err(|error| {
                tracing::debug!(error = &error as &dyn std::error::Error, "no answer");
                anyhow!("{url} does not answer; is the gateway running, and is --admin-url right?")
            })?;
        let status = answer.status();
        let bytes = match Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await {
            Ok(collected) => collected.to_bytes(),
            Err(error) => bail!("the answer of {url} broke off: {error}"),
        };
        let value =
            if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).context("the answer is not JSON")? };
        if status.is_success() {
            return Ok(value);
        }
        let message = value.get("msg").and_then(Value::as_str).unwrap_or("no reason was given");
        bail!("{message} (status {})", status.as_u16())
    }

    /// All items of a list, page by page.
    pub(crate) async fn list(&self, path: &str, envelope: &str) -> anyhow::Result<Vec<Value>> {
        let mut items = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let mut page = self.call(Method::GET, &path, None).await?;
            if let Some(Value::Array(more)) = page.get_mut(envelope).map(Value::take) {
                items.extend(more);
            }
            // The API names the whole URL, perhaps by another name of the host; the path is what counts.
            next = page.get("nextPageUri").and_then(Value::as_str).and_then(|uri| {
                let uri: http::Uri = uri.parse().ok()?;
                uri.path_and_query().map(ToString::to_string)
            });
        }
        Ok(items)
    }
}

/// Items as a table for people.
pub(crate) fn table(items: &[Value], columns: &[&str]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(columns);
    for item in items {
        table.add_row(columns.iter().map(|column| cell(item.get(*column))));
    }
    format!("{table}\n")
}

/// One item, a field a line.
pub(crate) fn record(item: &Value, fields: &[&str]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    for field in fields {
        table.add_row([(*field).to_owned(), cell(item.get(*field))]);
    }
    format!("{table}\n")
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
