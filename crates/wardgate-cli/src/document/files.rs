//! The texts of documents: files, directories, standard input.

use crate::failure::Failure;
use crate::surroundings::Surroundings;
use std::path::{Path, PathBuf};

/// The largest text that is read, in bytes.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// The most texts that are read.
const FILES_MAX: usize = 1_000;

/// The names that documents in a directory end with.
const EXTENSIONS: [&str; 3] = ["yaml", "yml", "json"];

/// One text.
#[derive(Debug)]
pub(crate) struct File {
    /// How it is called in problems.
    pub(crate) name: String,
    /// What paths in it are relative to.
    pub(crate) dir: PathBuf,
    pub(crate) text: String,
}

/// All texts that these paths name, in their order; those of a directory by their names.
pub(crate) fn read_all<'a>(
    paths: impl IntoIterator<Item = &'a PathBuf>,
    surroundings: &mut Surroundings,
) -> Result<Vec<File>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            let text = surroundings.read_input(FILE_BYTES_MAX)?;
            if text.len() as u64 > FILE_BYTES_MAX {
                return Err(too_large("standard input"));
            }
            files.push(File { name: "standard input".to_owned(), dir: PathBuf::new(), text });
        } else if path.is_dir() {
            let inside = in_dir(path)?;
            if inside.is_empty() {
                return Err(Failure::usage(format!("{} holds no *.yaml, *.yml or *.json", path.display())));
            }
            for path in inside {
                files.push(read(&path)?);
            }
        } else {
            files.push(read(path)?);
        }
        if files.len() > FILES_MAX {
            return Err(Failure::usage(format!("there are more than {FILES_MAX} files")));
        }
    }
    Ok(files)
}

fn in_dir(dir: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(|error| unreadable(dir, &error))? {
        let path = entry.map_err(|error| unreadable(dir, &error))?.path();
        let is_document = path.extension().and_then(|end| end.to_str()).is_some_and(|end| EXTENSIONS.contains(&end));
        if is_document && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<File, Failure> {
    if std::fs::metadata(path).map_err(|error| unreadable(path, &error))?.len() > FILE_BYTES_MAX {
        return Err(too_large(&path.display().to_string()));
    }
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
    let dir = path.parent().map(Path::to_owned).unwrap_or_default();
    Ok(File { name: path.display().to_string(), dir, text })
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("{} cannot be read: {error}", path.display()))
}

fn too_large(name: &str) -> Failure {
    Failure::usage(format!("{name} is larger than {FILE_BYTES_MAX} bytes"))
}
