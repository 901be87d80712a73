//! What can be asked for: the command line, read into a [`Chore`].

use crate::bench::Bench;

/// The answer to `cargo xtask help`, and the second half of the answer to a wrong command.
pub(crate) const HELP: &str = "\
Usage: cargo xtask CHORE

  test           everything continuous integration checks: formatting, lints, docs, the release
                 build, all tests, the slow ones too, the Python tests, other processors,
                 8 s of every fuzz target; ends with a table of what each took
  test --fast    formatting, lints and the tests that are not slow, for use while working
  python         run reference/test_*.py against the release build of the program
  package        build the wheel of the Python package and test it in an environment of its own
  package --peers
                 the same with PyTorch, aeon and Ray, 6 GB: no test is skipped
  report         open reports and plots of the program in a headless browser, on a phone's screen and a
                 desk's, light and dark
  dist           leave program and wheel, built for release, in target/dist
  targets        compile the engine for ARM, WebAssembly and a microcontroller
  fuzz [SECONDS] run every fuzz target for SECONDS, 20 if not given; needs a nightly toolchain
  bench          measure Elman beside its peers and write bench/RESULTS.md, in about 45 minutes;
                 installs PyTorch, 5 GB, and compiles other libraries for 10 minutes the first time
  bench --quick  a few points and jobs in four minutes, only printed
  bench --jobs   whole jobs, from file to score, and sound, beside PyTorch, in six minutes, into
                 bench/RESULTS.md; with --quick in two, only printed
  anchors        train by known recipes on known data, and print the scores beside those to meet
  anchors --peers
                 the same recipes in PyTorch as well, in turn
  reference      make the reference numbers anew with reference/make.py; installs PyTorch, 5 GB
  docs           build the API documentation and say where it is
  timings        make a release build from nothing and print what took longest to compile
  help           this text";

/// How long `cargo xtask fuzz` runs each target unless told otherwise.
const FUZZ_SECONDS: u32 = 20;

/// A chore with its options, as the command line asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chore {
    /// Say what there is.
    Help,
    /// Check the project; `fast` leaves out what takes minutes.
    Test {
        /// Only what a developer wants to run all the time.
        fast: bool,
    },
    /// The tests written in Python.
    Python,
    /// The Python package, built and tested.
    Package {
        /// Also beside PyTorch, aeon and Ray?
        peers: bool,
    },
    /// Reports and plots, looked at in a browser.
    Report,
    /// What is given away.
    Dist,
    /// Compile for processors that this machine does not have.
    Targets,
    /// Throw mutated bytes at every reader.
    Fuzz {
        /// Time for each target, building not counted.
        seconds: u32,
    },
    /// Measure Elman beside other libraries; `quick` leaves out most points.
    Bench {
        /// Which parts.
        what: Bench,
        /// A few points, and nothing written to the checkout.
        quick: bool,
    },
    /// Scores on known data beside those to meet.
    Anchors {
        /// Are the recipes trained in PyTorch as well?
        peers: bool,
    },
    /// Make the reference numbers anew with other implementations.
    Reference,
    /// Build the documentation.
    Docs,
    /// Say what a clean release build waits for.
    Timings,
}

impl Chore {
    /// Reads the command line after `cargo xtask`; the error is for the person who typed it.
    pub(crate) fn parse(arguments: &[String]) -> Result<Self, String> {
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        match words[..] {
            [] => Err("no chore was named".into()),
            ["help" | "--help" | "-h"] => Ok(Self::Help),
            ["test"] => Ok(Self::Test { fast: false }),
            ["test", "--fast"] => Ok(Self::Test { fast: true }),
            ["python"] => Ok(Self::Python),
            ["package"] => Ok(Self::Package { peers: false }),
            ["package", "--peers"] => Ok(Self::Package { peers: true }),
            ["report"] => Ok(Self::Report),
            ["dist"] => Ok(Self::Dist),
            ["targets"] => Ok(Self::Targets),
            ["fuzz"] => Ok(Self::Fuzz { seconds: FUZZ_SECONDS }),
            ["fuzz", seconds] => parse_seconds(seconds).map(|seconds| Self::Fuzz { seconds }),
            ["bench"] => Ok(Self::Bench { what: Bench::All, quick: false }),
            ["bench", "--quick"] => Ok(Self::Bench { what: Bench::All, quick: true }),
            ["bench", "--jobs"] => Ok(Self::Bench { what: Bench::Jobs, quick: false }),
            ["bench", "--jobs", "--quick"] => Ok(Self::Bench { what: Bench::Jobs, quick: true }),
            ["anchors"] => Ok(Self::Anchors { peers: false }),
            ["anchors", "--peers"] => Ok(Self::Anchors { peers: true }),
            ["reference"] => Ok(Self::Reference),
            ["docs"] => Ok(Self::Docs),
            ["timings"] => Ok(Self::Timings),
            [
                "test" | "python" | "package" | "report" | "dist" | "targets" | "fuzz" | "bench" | "anchors"
                | "reference" | "docs" | "timings",
                ..,
            ] => Err(format!("`{}` does not take these arguments", words.join(" "))),
            [unknown, ..] => Err(format!("there is no chore `{unknown}`")),
        }
    }
}

/// Zero is refused because the fuzzer takes it to mean "for ever".
fn parse_seconds(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(seconds @ 1..) => Ok(seconds),
        _ => Err(format!("SECONDS is a whole number of at least 1, not `{text}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Chore, String> {
        let arguments: Vec<String> = line.split_whitespace().map(String::from).collect();
        Chore::parse(&arguments)
    }

    #[test]
    fn every_chore_of_the_help_is_understood() {
        let chores = HELP.lines().filter_map(|line| line.strip_prefix("  "));
        let named: Vec<&str> =
            chores.filter(|line| !line.starts_with(' ')).filter_map(|line| line.split(' ').next()).collect();
        assert!(named.len() >= 12, "the help names {named:?}");
        for chore in named {
            assert!(parse(chore).is_ok(), "`{chore}` is in the help and is not understood");
        }
    }

    #[test]
    fn options_reach_their_chore() {
        assert_eq!(parse("test"), Ok(Chore::Test { fast: false }));
        assert_eq!(parse("test --fast"), Ok(Chore::Test { fast: true }));
        for (line, what, quick) in [
            ("bench", Bench::All, false),
            ("bench --quick", Bench::All, true),
            ("bench --jobs", Bench::Jobs, false),
            ("bench --jobs --quick", Bench::Jobs, true),
        ] {
            assert_eq!(parse(line), Ok(Chore::Bench { what, quick }));
        }
        assert_eq!(parse("package"), Ok(Chore::Package { peers: false }));
        assert_eq!(parse("package --peers"), Ok(Chore::Package { peers: true }));
        assert_eq!(parse("anchors --peers"), Ok(Chore::Anchors { peers: true }));
        assert_eq!(parse("fuzz"), Ok(Chore::Fuzz { seconds: 20 }));
        assert_eq!(parse("fuzz 3"), Ok(Chore::Fuzz { seconds: 3 }));
    }

    #[test]
    fn a_wrong_command_is_an_error_that_names_it() {
        for (line, named) in [
            ("", "no chore"),
            ("tset", "`tset`"),
            ("test --fats", "`test --fats`"),
            ("docs extra", "`docs extra`"),
            ("timings elman", "`timings elman`"),
            ("targets arm", "`targets arm`"),
            ("bench --fast", "`bench --fast`"),
            ("fuzz 0", "`0`"),
            ("fuzz -1", "`-1`"),
            ("fuzz soon", "`soon`"),
        ] {
            let error = parse(line).expect_err(line);
            assert!(error.contains(named), "`{line}` gave: {error}");
        }
    }
}
