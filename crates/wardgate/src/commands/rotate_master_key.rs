//! `wardgate rotate-master-key`: seals everything with a new master key.

use crate::clock::SystemRandom;
use crate::commands::{print, runtime};
use crate::database::Place;
use crate::master_key::{self, Missing};
use crate::reseal::{Done, reseal};
use crate::settings::database::Database;
use crate::settings::sealing::Sealing;
use anyhow::bail;
use std::io::{IsTerminal, Write};

/// Its options.
#[derive(clap::Args)]
#[command(after_help = "How to replace the master key without a pause:\n  \
    1. make one:   head -c 32 /dev/urandom | base64 > new.key\n  \
    2. restart each gateway with --master-key-file new.key --previous-master-key-file old.key\n  \
    3. wardgate rotate-master-key --master-key-file new.key --previous-master-key-file old.key\n  \
    4. restart each gateway without the previous key, and destroy it\n\n\
    Step 3 may run while gateways serve, may be cut off at any moment, and is run again to finish.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    database: Database,
    #[command(flatten)]
    sealing: Sealing,
    /// A file of settings: YAML, a setting a line, named as the options are.
    #[arg(long, env = "WARDGATE_SETTINGS")]
    settings: Option<std::path::PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let _ = &arguments.settings;
    runtime()?.block_on(rotate(arguments))
}

async fn rotate(arguments: &Arguments) -> anyhow::Result<()> {
    let random = SystemRandom;
    let key = master_key::load(&arguments.sealing, &arguments.database.data_dir, Missing::HasData, &random).await?;
    if !key.is_replacing() {
        bail!(
            "set --previous-master-key-file to the key that seals the database now, and --master-key-file to the new one; \
             `wardgate rotate-master-key --help` has the steps"
        );
    }
    let database = Place::of(&arguments.database)?.open().await?;
    let store = database.store();
    master_key::prove(&*store, &key, &random).await?;
    let done = reseal(&store, &key, &random, progress).await?;
    database.close().await;
    if std::io::stderr().is_terminal() {
        let _ = writeln!(std::io::stderr());
    }
    print(&format!(
        "{} of {} sealed values were sealed with the new master key; all of them open with it now.\n\
         Restart each gateway without the previous key, then destroy that.\n",
        done.resealed, done.seen
    ));
    Ok(())
}

/// One line that is written over, for whoever watches.
fn progress(done: Done) {
    let mut out = std::io::stderr();
    if out.is_terminal() {
        let _ = write!(out, "\r{} looked at, {} sealed again ", done.seen, done.resealed).and_then(|()| out.flush());
    }
}
