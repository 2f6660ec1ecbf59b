//! `wardgate access-key`: a client of the management API.

use crate::client::{Client, Connection, Output};
use crate::commands::{print, runtime};
use http::Method;

/// What to do.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Issue a key. Its token is shown this once.
    #[command(after_help = "Examples:\n  \
        wardgate access-key create --name search-backend\n  \
        wardgate access-key create --name ci --output json | jq -r .token")]
    Create {
        /// A label, at most 255 characters.
        #[arg(long)]
        name: Option<String>,
        /// Free text, at most 255 characters.
        #[arg(long)]
        description: Option<String>,
        #[command(flatten)]
        connection: Connection,
    },
    /// List the account's keys, newest first.
    List {
        #[command(flatten)]
        connection: Connection,
    },
    /// Revoke a key for good: its next request gets 401.
    Delete {
        /// The key's id, as in `aigk_…`.
        id: String,
        #[command(flatten)]
        connection: Connection,
    },
}

const COLUMNS: [&str; 5] = ["id", "name", "keyRedacted", "createdAt", "lastUsed"];

pub(crate) fn run(command: Command) -> anyhow::Result<()> {
    runtime()?.block_on(async {
        let text = match command {
            Command::Create { name, description, connection } => {
                let client = Client::new(&connection)?;
                let mut body = serde_json::Map::new();
                for (field, value) in [("name", name), ("description", description)] {
                    if let Some(value) = value {
                        body.insert(field.to_owned(), value.into());
                    }
                }
                let key = client.call(Method::POST, "/access-keys", Some(&body.into())).await?;
                match connection.output {
                    Output::Table => format!(
                        "{}\nThis is the only time the token is shown. Send it as \"Authorization: Bearer …\" or \"x-api-key: …\".\n",
                        crate::client::record(&key, &["id", "name", "token"])
                    ),
                    output => output.render(&key),
                }
            }
            Command::List { connection } => {
                let keys = Client::new(&connection)?.list("/access-keys", "aiGatewayAccessKeys").await?;
                match connection.output {
                    Output::Table => crate::client::table(&keys, &COLUMNS),
                    output => output.render(&keys.into()),
                }
            }
            Command::Delete { id, connection } => {
                Client::new(&connection)?.call(Method::DELETE, &format!("/access-keys/{id}"), None).await?;
                format!("{id} is revoked.\n")
            }
        };
        print(&text);
        Ok(())
    })
}
