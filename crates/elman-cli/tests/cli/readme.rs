//! The README and the guides say what the program prints: their console blocks are run, and the README's picture is
//! drawn.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use tempfile::TempDir;

const CALL: &str = "$ cargo run --release -- ";

/// The commands of a document's console blocks, each with the output that follows it.
pub(crate) fn examples(document: &str) -> Vec<(String, String)> {
    let mut examples: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    for line in document.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if let (true, Some(arguments)) = (inside, line.strip_prefix(CALL)) {
            examples.push((arguments.to_owned(), String::new()));
        } else if let (true, Some((_, output))) = (inside, examples.last_mut()) {
            output.push_str(line);
            output.push('\n');
        }
    }
    examples
}

fn elman(directory: &Path, arguments: &str) -> String {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("elman"));
    let output =
        command.current_dir(directory).args(words(arguments)).assert().success().get_output().clone();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The words of a command, as a shell cuts it at blanks that are not quoted.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for (n, part) in command.split('"').enumerate() {
        let mut pieces = if n.is_multiple_of(2) { part.split(' ').collect() } else { vec![part] }.into_iter();
        if let (Some(last), Some(first)) = (words.last_mut(), pieces.next()) {
            last.push_str(first);
        }
        words.extend(pieces.map(str::to_owned));
    }
    words
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Runs a document's commands, of which there are at least so many, beside these files; what is left of them stands in the
/// folder that comes back. What a command prints need not end with a line's end.
pub(crate) fn printed_as_said(document: &str, least: usize, files: &[&str]) -> TempDir {
    let text = std::fs::read_to_string(root().join(document)).expect("the document");
    let examples = examples(&text);
    assert!(examples.len() >= least, "{examples:?}");
    let directory = tempfile::tempdir().expect("a temporary folder");
    for file in files {
        let copy = directory.path().join(file);
        std::fs::create_dir_all(copy.parent().expect("a folder")).expect("a folder");
        std::fs::copy(root().join(file), copy).expect("a file of the repository");
    }
    // The word that the guides of texts and of metrics look at.
    std::fs::write(directory.path().join("hello.txt"), "The Work").expect("a file");
    let program = assert_cmd::cargo::cargo_bin!("elman").display().to_string();
    for (arguments, expected) in examples {
        // The program names itself as it was called.
        let printed = elman(directory.path(), &arguments).replace(&program, "target/release/elman");
        assert_eq!(printed.trim_end(), expected.trim_end(), "{document}: elman {arguments}");
    }
    directory
}

#[test]
fn the_readmes_commands_print_what_it_says() {
    let directory = printed_as_said("README.md", 5, &["docs/shops.csv"]);
    elman(directory.path(), "evaluate airline.elman --plot airline.svg");
    let drawn = std::fs::read_to_string(directory.path().join("airline.svg")).unwrap();
    let committed = std::fs::read_to_string(root().join("docs/airline.svg")).unwrap();
    assert!(drawn == committed, "docs/airline.svg is not what the program draws now");
}
