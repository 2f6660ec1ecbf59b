//! What is on the disk: the data directory, and the files that settings name.

use super::{Finding, certificate};
use crate::assemble::webhook_receiver;
use crate::catalog::Source;
use crate::clock::SystemClock;
use crate::master_key;
use crate::settings::Settings;
use crate::tiers;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;
use wardgate_core::time::{Clock, Timestamp};

const SETTINGS: &str = "settings";
const DATA: &str = "data directory";
const TLS: &str = "TLS";
const CATALOG: &str = "catalog";
const CLOCK: &str = "clock";

/// When this program was written, about. A clock that is before it is wrong.
const WRITTEN: Timestamp = Timestamp::from_unix_millis(1_764_547_200_000);

/// From when on a catalog file is old: prices change more often.
const CATALOG_AGE_MAX: Duration = Duration::from_secs(90 * 24 * 3_600);

/// How long before its end a certificate should be replaced.
const CERTIFICATE_LEFT_MIN: Duration = Duration::from_secs(14 * 24 * 3_600);

pub(super) fn examine(settings: &Settings) -> Vec<Finding> {
    let now = SystemClock.now();
    let mut findings = vec![
        own(settings),
        data_directory(&settings.database.data_dir),
        match tiers::load(settings) {
            Ok(tiers) => Finding::ok("tiers", format!("{} tiers", tiers.len())),
            Err(error) => Finding::failure("tiers", format!("{error:#}"), "mend the file of --tiers-file"),
        },
        catalog(settings, now),
    ];
    findings.extend(secrets(settings));
    findings.push(tls(settings, now));
    findings.push(match webhook_receiver(&settings.webhook) {
        Ok(Some(_)) => Finding::ok("webhook", "its URL and its secret can be used"),
        Ok(None) => Finding::skipped("webhook", "there is none"),
        Err(error) => {
            Finding::failure("webhook", format!("{error:#}"), "mend --webhook-url or the file of --webhook-secret-file")
        }
    });
    findings.push(clock(now));
    findings
}

/// What the command line could not see by itself.
fn own(settings: &Settings) -> Finding {
    let from = settings.settings.as_ref().map_or_else(|| "no file of settings".to_owned(), |path| path.display().to_string());
    if settings.listen == settings.admin_listen && settings.listen.port() != 0 {
        let both = format!("clients and management are both to be at {}", settings.listen);
        return Finding::failure(SETTINGS, both, "set --listen and --admin-listen to different addresses");
    }
    if let Err(error) = settings.upstream_options() {
        return Finding::failure(SETTINGS, format!("{error:#}"), "mend --allow-upstream");
    }
    Finding::ok(SETTINGS, format!("all values can be used; {from}"))
}

fn data_directory(path: &Path) -> Finding {
    let shown = path.display();
    let Ok(metadata) = fs::metadata(path) else {
        // The nearest directory that is there is the one in which it would be made.
        let above = path.ancestors().skip(1).find(|above| above.is_dir()).map_or(Path::new("."), |above| above);
        let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
        return match takes_files(above) {
            Ok(()) => Finding::ok(DATA, format!("{shown} is not there yet; the first start makes it")),
            Err(error) => Finding::failure(
                DATA,
                format!("{shown} cannot be made: {error}"),
                "choose another --data-dir, or make it for this user",
            ),
        };
    };
    if !metadata.is_dir() {
        return Finding::failure(DATA, format!("{shown} is no directory"), "choose another --data-dir");
    }
    if let Err(error) = takes_files(path) {
        let fix = format!("give it to this user (chown -R), make room on its disk, or choose another --data-dir than {shown}");
        return Finding::failure(DATA, format!("{shown} takes no files: {error}"), fix);
    }
    if metadata.permissions().mode() & 0o077 != 0 {
        return Finding::warning(DATA, format!("{shown} is open to other users of this machine"), format!("chmod 700 {shown}"));
    }
    Finding::ok(DATA, format!("{shown} takes files"))
}

/// Writes a file and takes it away.
fn takes_files(directory: &Path) -> std::io::Result<()> {
    let path = directory.join(format!(".doctor-{}", std::process::id()));
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).and_then(|mut file| {
        file.write_all(&[0; 4_096])?;
        file.sync_all()
    });
    let removed = fs::remove_file(&path);
    written.and(removed)
}

fn catalog(settings: &Settings, now: Timestamp) -> Finding {
    let source = Source { file: settings.catalog_file.clone(), sandbox_url: None };
    let loaded = match source.load() {
        Ok(loaded) => loaded,
        Err(error) => return Finding::failure(CATALOG, format!("{error:#}"), "mend the file of --catalog-file"),
    };
    let count = format!("{} models at {} providers", loaded.models().len(), loaded.providers().count());
    let Some(path) = &settings.catalog_file else {
        return Finding::ok(CATALOG, format!("{count}, as this version knows them"));
    };
    let age = modified(path).map(|at| now.since(at));
    match age.filter(|age| *age > CATALOG_AGE_MAX) {
        Some(age) => Finding::warning(
            CATALOG,
            format!("{count}; {} is {} days old", path.display(), age.as_secs() / 86_400),
            "see whether its models and prices are still right, and write it anew",
        ),
        None => Finding::ok(CATALOG, format!("{count}, with {} over it", path.display())),
    }
}

fn modified(path: &Path) -> Option<Timestamp> {
    let since = fs::metadata(path).ok()?.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(Timestamp::from_unix_micros(i64::try_from(since.as_micros()).ok()?))
}

/// Files with secrets that others can read.
fn secrets(settings: &Settings) -> Vec<Finding> {
    let in_data_dir = settings.database.data_dir.join(master_key::FILE_NAME);
    let files: [Option<&PathBuf>; 5] = [
        Some(&in_data_dir),
        settings.sealing.master_key_file.as_ref(),
        settings.sealing.previous_master_key_file.as_ref(),
        settings.tls_key.as_ref(),
        settings.webhook.webhook_secret_file.as_ref(),
    ];
    let open = files.into_iter().flatten().filter(|path| {
        // Directories of mounted secrets belong to others and are read by a group.
        fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o007 != 0)
    });
    open.map(|path| {
        let shown = path.display();
        Finding::warning(
            "secrets",
            format!("{shown} can be read by every user of this machine"),
            format!("chmod o-rwx {shown}"),
        )
    })
    .collect()
}

fn tls(settings: &Settings, now: Timestamp) -> Finding {
    let (certificate, key) = match (&settings.tls_cert, &settings.tls_key) {
        (Some(certificate), Some(key)) => (certificate, key),
        (None, None) => return Finding::skipped(TLS, "clients connect in clear, as behind a proxy that ends TLS"),
        _ => return Finding::failure(TLS, "only one of --tls-cert and --tls-key is set", "set both or neither"),
    };
    if let Err(error) = wardgate_proxy::load_tls(certificate, key) {
        let fix = "set --tls-cert to the PEM of the chain and --tls-key to the PEM of the key that belongs to it";
        return Finding::failure(TLS, chain(&error), fix);
    }
    let Some((begins, ends)) = certificate::validity(certificate) else {
        return Finding::ok(TLS, "certificate and key belong together");
    };
    let fix = format!("put a certificate that is valid at {}, and start the gateway again", certificate.display());
    if now > ends {
        Finding::failure(TLS, format!("the certificate ended at {ends}"), fix)
    } else if now < begins {
        Finding::failure(TLS, format!("the certificate begins at {begins}"), format!("{fix}; or is the clock wrong?"))
    } else if ends.since(now) < CERTIFICATE_LEFT_MIN {
        Finding::warning(TLS, format!("the certificate ends at {ends}"), fix)
    } else {
        Finding::ok(TLS, format!("certificate and key belong together, until {ends}"))
    }
}

fn clock(now: Timestamp) -> Finding {
    if now < WRITTEN {
        let fix = "set the clock, as with chrony or systemd-timesyncd: budgets, limits by day and certificates go by it";
        return Finding::failure(CLOCK, format!("it says {now}, when this program was not written yet"), fix);
    }
    Finding::ok(CLOCK, format!("it says {now}"))
}

/// An error and what caused it.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
