// Package config reads settings from the environment into structs with
// envconfig tags. Unlike envconfig alone it names every fault at once, treats a
// setting that is set but empty as a fault where a value is needed, and never
// prints a secret. Groups that programs share stand here; what only one program
// reads stands with that program.
package config
