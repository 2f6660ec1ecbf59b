//! Where heavy dependencies live: each privilege (database, network, secrets) has one address.

use super::manifest::Manifest;

/// A dependency, who may have it, and who may have it in tests besides.
struct Home {
    name: &'static str,
    crates: &'static [&'static str],
    tests: &'static [&'static str],
}

const HOMES: &[Home] = &[
    Home { name: "argon2", crates: &["wardgate-keys"], tests: &[] },
    Home { name: "aws-lc-rs", crates: &["wardgate-upstream"], tests: &["wardgate"] },
    Home { name: "axum", crates: &["wardgate-admin", "wardgate-console", "wardgate"], tests: &[] },
    Home { name: "cel", crates: &["wardgate-policy"], tests: &[] },
    Home { name: "chacha20poly1305", crates: &["wardgate-keys"], tests: &[] },
    Home { name: "clap", crates: &["wardgate", "wardgate-cli", "xtask"], tests: &[] },
    Home { name: "comfy-table", crates: &["wardgate-cli"], tests: &[] },
    Home { name: "governor", crates: &["wardgate-limits"], tests: &[] },
    Home { name: "hmac", crates: &["wardgate-keys"], tests: &[] },
    Home { name: "hyper", crates: &["wardgate-proxy", "wardgate-sandbox", "wardgate-testkit", "xtask"], tests: &["wardgate"] },
    Home { name: "httparse", crates: &["wardgate-upstream"], tests: &[] },
    Home { name: "mimalloc", crates: &["wardgate"], tests: &[] },
    Home { name: "moka", crates: &["wardgate-proxy"], tests: &[] },
    Home { name: "prometheus", crates: &["wardgate-telemetry"], tests: &[] },
    Home { name: "rcgen", crates: &["wardgate-testkit"], tests: &["wardgate", "wardgate-proxy", "wardgate-upstream"] },
    Home { name: "redis", crates: &["wardgate-limits"], tests: &[] },
    Home { name: "schemars", crates: &["wardgate-admin"], tests: &[] },
    Home { name: "sha2", crates: &["wardgate-keys"], tests: &[] },
    Home { name: "socket2", crates: &["wardgate-upstream"], tests: &[] },
    Home { name: "sqlx", crates: &["wardgate-store-sql"], tests: &[] },
    Home { name: "tokio-rustls", crates: &["wardgate-proxy", "wardgate-upstream", "wardgate-testkit"], tests: &["wardgate"] },
    Home { name: "tracing-subscriber", crates: &["wardgate-telemetry"], tests: &[] },
];

pub(super) fn problems(manifests: &[Manifest]) -> Vec<String> {
    let mut problems = Vec::new();
    for manifest in manifests {
        for dependency in &manifest.dependencies {
            let Some(home) = HOMES.iter().find(|home| home.name == dependency.name) else { continue };
            let is_at_home = home.crates.contains(&manifest.name.as_str())
                || dependency.is_dev() && home.tests.contains(&manifest.name.as_str());
            if !is_at_home {
                let home = home.crates.join(", ");
                problems.push(format!("{} lives in {home}, and {} has it too", dependency.name, manifest.name));
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heavy_dependencies_stay_at_home() {
        let cases = [
            (Manifest::sample("wardgate-store-sql", &["sqlx"], &[]), 0),
            (Manifest::sample("wardgate-proxy", &["sqlx", "serde"], &[]), 1),
            (Manifest::sample("wardgate", &[], &["hyper"]), 0),
            (Manifest::sample("wardgate", &["hyper"], &[]), 1),
        ];
        for (manifest, count) in cases {
            assert_eq!(problems(&[manifest]).len(), count);
        }
    }
}
