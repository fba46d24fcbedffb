//! A crate depends only on crates of the layers above it in the table of the design.

use super::Finding;
use super::tree::Tree;

/// The crates from the first layer to the last. Connectors and formats stand between `hurtig-cluster`
/// and `hurtig`, all on one layer: none knows another.
const ABOVE_CONNECTORS: [&str; 18] = [
    "hurtig-types",
    "hurtig-env",
    "hurtig-metrics",
    "hurtig-codec",
    "hurtig-state",
    "hurtig-state-rocksdb",
    "hurtig-checkpoint",
    "hurtig-exchange",
    "hurtig-connect",
    "hurtig-graph",
    "hurtig-runtime",
    "hurtig-datastream",
    "hurtig-table",
    "hurtig-rest",
    "hurtig-sql-parser",
    "hurtig-sql",
    "hurtig-cep",
    "hurtig-cluster",
];
/// Tables over other connectors.
const ON_CONNECTORS: [&str; 1] = ["hurtig-connector-filesystem"];
const BELOW_CONNECTORS: [&str; 2] = ["hurtig", "hurtig-cli"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in &tree.packages {
        let manifest = package.path_of("Cargo.toml");
        let Some(layer) = layer(tree, &package.name) else {
            if package.directory.starts_with("crates/") {
                let message = format!(
                    "{} has no layer; place it in xtask/src/tidy/layers.rs, or outside crates/",
                    package.name
                );
                findings.push(Finding::new(manifest, 1, message));
            }
            continue;
        };
        for dependency in package.manifest.dependencies() {
            let is_ours = tree
                .packages
                .iter()
                .any(|other| other.name == dependency.name);
            let is_above = self::layer(tree, &dependency.name).is_some_and(|other| other < layer);
            if is_ours && !is_above {
                let message = format!(
                    "{} depends on {}, which is not above it; move what it needs up, or hand it in",
                    package.name, dependency.name
                );
                findings.push(Finding::new(&manifest, dependency.line, message));
            }
        }
    }
    findings
}

/// The layer of one of our crates; tools, tests and benchmarks have none.
fn layer(tree: &Tree, name: &str) -> Option<usize> {
    let in_list = |list: &[&str]| list.iter().position(|other| *other == name);
    let is_connector = || {
        let package = tree.packages.iter().find(|package| package.name == name);
        package.is_some_and(|p| {
            p.directory.starts_with("connectors/") || p.directory.starts_with("formats/")
        })
    };
    let connectors = ABOVE_CONNECTORS.len();
    in_list(&ABOVE_CONNECTORS)
        .or_else(|| in_list(&ON_CONNECTORS).map(|_| connectors + 1))
        .or_else(|| in_list(&BELOW_CONNECTORS).map(|position| connectors + 2 + position))
        .or_else(|| is_connector().then_some(connectors))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(packages: &[(&str, &str)]) -> Vec<String> {
        let manifests: Vec<(String, String)> = packages
            .iter()
            .map(|(directory, dependencies)| {
                let name = directory
                    .strip_prefix("crates/")
                    .unwrap_or(directory)
                    .replace('/', "-");
                let text = format!("[package]\nname = \"{name}\"\n[dependencies]\n{dependencies}");
                (format!("{directory}/Cargo.toml"), text)
            })
            .collect();
        let tree = Tree::of_files(
            manifests
                .iter()
                .map(|(path, text)| (path.as_str(), text.as_str())),
        );
        check(&tree)
            .into_iter()
            .map(|finding| finding.to_string())
            .collect()
    }

    #[test]
    fn downward_dependencies_are_found() {
        let findings = found(&[
            (
                "crates/hurtig-types",
                "serde = \"1\"\nhurtig-state.workspace = true\n",
            ),
            ("crates/hurtig-state", "hurtig-types.workspace = true\n"),
            ("crates/hurtig", "connectors-files = { path = \"x\" }\n"),
            (
                "connectors/files",
                "hurtig-state.workspace = true\nformats-csv = \"1\"\n",
            ),
            ("formats/csv", ""),
            ("xtask", "hurtig-state = \"1\"\n"),
        ]);
        assert_eq!(findings.len(), 2, "{findings:?}");
        assert!(
            findings[0].starts_with("connectors/files/Cargo.toml:5: "),
            "{findings:?}"
        );
        assert!(
            findings[1].starts_with("crates/hurtig-types/Cargo.toml:5: "),
            "{findings:?}"
        );
    }

    #[test]
    fn a_layered_crate_may_not_use_what_has_no_layer() {
        let findings = found(&[
            ("crates/hurtig-types", "testing = \"1\"\n"),
            ("testing", ""),
        ]);
        assert_eq!(findings.len(), 1, "{findings:?}");
    }

    #[test]
    fn a_crate_without_a_layer_is_found() {
        let findings = found(&[("crates/hurtig-magic", "")]);
        assert!(
            findings[0].contains("hurtig-magic has no layer"),
            "{findings:?}"
        );
    }
}
