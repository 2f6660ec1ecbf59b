//! `wardgate completions`: what a shell wants to know of the command line.

use super::{command_line, print};
use clap_complete::Shell;

/// Its options.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    wardgate completions bash > /etc/bash_completion.d/wardgate\n  \
    wardgate completions zsh > ~/.zfunc/_wardgate\n  \
    wardgate completions fish > ~/.config/fish/completions/wardgate.fish")]
pub(crate) struct Arguments {
    /// For which shell.
    shell: Shell,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut command_line(), "wardgate", &mut text);
    print(&String::from_utf8(text)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        command_line().debug_assert();
    }
}
