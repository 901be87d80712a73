//! The program as its users run it. One test program for all: it is linked once, and its tests fill every core to the end.

mod common;

mod check;
mod config;
mod corners;
mod covariates;
mod data_errors;
mod dialects;
mod distributions;
mod divergence;
mod evaluate;
mod exchange;
mod forecast;
mod gaps;
mod guides;
mod inspect;
mod label;
mod model_errors;
mod notebook;
mod options;
mod output;
mod panels;
mod predict;
mod rates;
mod readme;
mod report;
mod resume;
mod search;
mod sequences;
mod silent;
mod sound;
mod tables;
mod text;
mod train;
mod tune;
mod weights;
