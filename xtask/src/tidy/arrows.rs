//! Which crate may build on which.
//!
//! Each row that grows makes a change rebuild more and lets one more crate know of another's inside. So a new arrow is a
//! decision, and this is where it is written down.

use super::manifest::{Dependency, Manifest};

/// Whose name starts so is one of ours.
const OURS: &str = "wardgate";

/// A crate, and what it builds on. Names are without their prefix; the binary is called `wardgate`.
const ARROWS: &[(&str, Arrows)] = &[
    ("core", Arrows::To(&[])),
    ("model", Arrows::To(&["core"])),
    ("wire", Arrows::To(&["core"])),
    ("keys", Arrows::To(&["core"])),
    ("telemetry", Arrows::To(&["core"])),
    ("store", Arrows::To(&["core"])),
    ("policy", Arrows::To(&["core", "model"])),
    ("upstream", Arrows::To(&["core", "model"])),
    ("ledger", Arrows::To(&["core"])),
    ("health", Arrows::To(&["core"])),
    // Budgets are leased from the store.
    ("limits", Arrows::To(&["core", "model", "store"])),
    ("store-sql", Arrows::To(&["core", "store"])),
    (
        "proxy",
        Arrows::To(&[
            "core",
            "model",
            "wire",
            "keys",
            "policy",
            "health",
            "ledger",
            "limits",
            "telemetry",
            "store",
            "upstream",
        ]),
    ),
    ("admin", Arrows::To(&["core", "model", "keys", "policy", "health", "limits", "telemetry", "store"])),
    // A client of the management API: it sees of the gateway what any client sees.
    ("cli", Arrows::To(&["core", "model", "upstream"])),
    // The console calls the operations that the management API calls.
    ("console", Arrows::To(&["core", "admin"])),
    ("sandbox", Arrows::To(&["core", "wire"])),
    // A tool for tests: it may stand in for anything but the binary.
    ("testkit", Arrows::Any),
    ("wardgate", Arrows::Any),
    // Tasks see the repository from outside, as a newcomer does.
    ("xtask", Arrows::To(&[])),
];

/// Who has whole-system tests, or tests with a server of someone else's, and so the kit for them.
const TESTS_WITH_KIT: [&str; 4] = ["wardgate", "proxy", "limits", "store-sql"];

enum Arrows {
    To(&'static [&'static str]),
    Any,
}

pub(super) fn problems(manifests: &[Manifest]) -> Vec<String> {
    let mut problems = Vec::new();
    for manifest in manifests {
        let name = short(&manifest.name);
        let Some((_, arrows)) = ARROWS.iter().find(|(known, _)| *known == name) else {
            problems.push(format!("the crate {} has no row in the table of arrows (xtask/src/tidy/arrows.rs)", manifest.name));
            continue;
        };
        let ours = manifest.dependencies.iter().filter(|dependency| dependency.name.starts_with(OURS));
        for dependency in ours.filter(|dependency| !is_allowed(name, arrows, dependency)) {
            problems.push(format!(
                "{} may not build on {}: see the table in xtask/src/tidy/arrows.rs",
                manifest.name, dependency.name
            ));
        }
    }
    problems
}

fn is_allowed(from: &str, arrows: &Arrows, dependency: &Dependency) -> bool {
    match (short(&dependency.name), arrows) {
        // What tests need never becomes part of the product.
        ("testkit", _) => dependency.is_dev() && TESTS_WITH_KIT.contains(&from),
        ("wardgate", _) => false,
        (_, Arrows::Any) => true,
        (to, Arrows::To(allowed)) => allowed.contains(&to),
    }
}

fn short(name: &str) -> &str {
    name.strip_prefix(OURS).and_then(|rest| rest.strip_prefix('-')).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, plain: &[&str], dev: &[&str], problems_count: usize) {
        let found = problems(&[Manifest::sample(name, plain, dev)]);
        assert_eq!(found.len(), problems_count, "{found:?}");
    }

    #[test]
    fn arrows_point_down() {
        check("wardgate-wire", &["wardgate-core", "serde"], &[], 0);
        check("wardgate-core", &["wardgate-wire"], &[], 1);
        check("wardgate-admin", &["wardgate-wire", "wardgate-store-sql"], &[], 2);
        check("wardgate-new", &[], &[], 1);
    }

    #[test]
    fn the_kit_is_for_tests_alone() {
        check("wardgate-proxy", &[], &["wardgate-testkit"], 0);
        check("wardgate", &["wardgate-testkit"], &[], 1);
        check("wardgate-keys", &[], &["wardgate-testkit"], 1);
        check("wardgate-testkit", &["wardgate-proxy", "wardgate"], &[], 1);
    }
}
