//! From the table of tasks to the types by which all others speak of them.

use serde::de::{Deserialize, Deserializer, Error, Visitor, value};
use serde::forward_to_deserialize_any;

/// Declares the tasks: a line for each, with the type that implements [`TaskKind`](super::TaskKind) and the
/// name by which files and the command line know it. The first is the one that is meant where none is named.
macro_rules! tasks {
    ($($(#[doc = $doc:literal])+ $task:ident = $name:literal,)+) => {
        /// What a model is for, and what its data look like.
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        // Not internally tagged: serde would buffer a file's content at many times its size.
        #[non_exhaustive]
        #[allow(clippy::large_enum_variant, reason = "there is one for a model, and it is seldom moved")]
        pub enum Task {
            $($(#[doc = $doc])+ #[serde(rename = $name)] $task($task),)+
        }

        /// The options of a task, each with a value that lets the data decide.
        #[derive(Clone, Debug, PartialEq, serde::Serialize)]
        #[non_exhaustive]
        pub enum TaskOptions {
            $($(#[doc = $doc])+ #[serde(rename = $name)] $task(<$task as TaskKind>::Options),)+
        }

        /// The tasks by name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum TaskName {
            $($(#[doc = $doc])+ $task,)+
        }

        impl Task {
            /// The task as what all tasks are.
            pub fn kind(&self) -> &dyn TaskKind {
                match self {
                    $(Task::$task(task) => task,)+
                }
            }
        }

        $(impl From<$task> for Task {
            fn from(task: $task) -> Self {
                Task::$task(task)
            }
        })+

        impl TaskOptions {
            fn prepare(&self, table: &crate::table::Table) -> Result<Prepared, crate::error::Error> {
                match self {
                    $(TaskOptions::$task(options) => $task::prepare(table, options),)+
                }
            }
        }

        impl TaskName {
            /// Every task; the first is the one that is meant where none is named.
            pub const ALL: &[TaskName] = &[$(TaskName::$task),+];

            /// The name on the command line and in files.
            pub const fn name(self) -> &'static str {
                match self {
                    $(TaskName::$task => $name,)+
                }
            }

            /// What is known of the task before it is fitted to anything.
            pub fn facts(self) -> TaskFacts {
                match self {
                    $(TaskName::$task => <$task as TaskKind>::facts(),)+
                }
            }

            /// The names of the task's options.
            pub fn option_names(self) -> &'static [&'static str] {
                match self {
                    $(TaskName::$task => names::field_names::<<$task as TaskKind>::Options>(),)+
                }
            }

            /// The task's options out of a map that has some of them by name.
            ///
            /// # Errors
            /// If a name is not among [`option_names`](Self::option_names), or a value is of the wrong kind.
            pub fn options<'de, D: serde::Deserializer<'de>>(self, map: D) -> Result<TaskOptions, D::Error> {
                match self {
                    $(TaskName::$task => serde::Deserialize::deserialize(map).map(TaskOptions::$task),)+
                }
            }
        }

        impl std::fmt::Display for TaskName {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }
    };
}

pub(super) use tasks;

/// The names of a struct's fields, as its [`Deserialize`] gives them away.
pub(crate) fn field_names<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    // It takes nothing, so it cannot succeed with anything that matters.
    let _ = T::deserialize(Asked(&mut names));
    names
}

/// Holds no data, but remembers for which fields it was asked.
struct Asked<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Asked<'_> {
    type Error = value::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Self::Error> {
        *self.0 = fields;
        Err(Error::custom("there are no data"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(Error::custom("there are no data"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::task::{ForecastOptions, TaskName, TaskOptions};

    #[test]
    fn options_are_made_from_a_map_of_their_names() {
        let names = TaskName::Classify.option_names();
        assert_eq!(
            names,
            [
                "id",
                "target",
                "features",
                "time",
                "time-format",
                "missing",
                "window",
                "group",
                "split",
                "test",
                "validation",
                "split-seed"
            ]
        );
        let options = TaskName::Forecast.options(json!({"season": 4, "test": 8.0})).unwrap();
        let expected = ForecastOptions { season: Some(4), test: Some(8), ..ForecastOptions::default() };
        assert_eq!(options, TaskOptions::Forecast(expected));
        for (map, message) in [
            (json!({"season": "long"}), "invalid type: string \"long\", expected usize"),
            (json!({"test": 0.5}), "of a forecast is 0.5; it must be a whole number of last rows, or 0"),
            (json!({"features": "name"}), "unknown field `features`"),
        ] {
            let error = TaskName::Forecast.options(map).unwrap_err().to_string();
            assert!(error.starts_with(message), "{error}");
        }
    }
}
