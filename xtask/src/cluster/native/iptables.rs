//! Packet filter rules: the node's own few, and the removal of those and of all that Kubernetes made.

use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::layout::{BRIDGE, POD_CIDR};
use crate::shell;

/// Marks the node's own rules.
const COMMENT: &str = "fakecloud-cluster";

/// Kubernetes' chains all begin so.
const KUBERNETES: &str = "KUBE-";

const TABLES: [&str; 4] = ["nat", "filter", "mangle", "raw"];

/// Pods reach other machines under the host's address, and each other and the host even where a firewall or Docker
/// accepts nothing else. Appended, so that kube-proxy's rules (it prepends them) still reject dead Services first.
pub(super) fn add_own_rules() -> Result<()> {
    add("nat", "POSTROUTING", &["-s", POD_CIDR, "!", "-d", POD_CIDR, "-j", "MASQUERADE"])?;
    add("filter", "INPUT", &["-i", BRIDGE, "-j", "ACCEPT"])?;
    add("filter", "FORWARD", &["-i", BRIDGE, "-j", "ACCEPT"])?;
    add("filter", "FORWARD", &["-o", BRIDGE, "-j", "ACCEPT"])
}

fn add(table: &str, chain: &str, rule: &[&str]) -> Result<()> {
    let iptables = |action: &str| {
        let mut command = Command::new("iptables");
        command.args(["-w", "-t", table, action, chain]).args(rule).args(["-m", "comment", "--comment", COMMENT]);
        command
    };
    // -C fails when the rule is not there, which is what it is asked for.
    if shell::output(&mut iptables("-C")).is_err() {
        shell::output(&mut iptables("-A"))?;
    }
    Ok(())
}

/// Removes the node's own rules, kube-proxy's and the kubelet's, of IPv4 and IPv6; each table in one step.
pub(super) fn remove_rules() -> Result<()> {
    for family in ["iptables", "ip6tables"] {
        for table in TABLES {
            // A table that the kernel lacks (IPv6 switched off, no raw table) has no rules.
            let save = shell::output(Command::new(format!("{family}-save")).args(["-t", table]));
            if let Some(script) = save.ok().and_then(|rules| removal(table, &rules)) {
                restore(family, &script).with_context(|| format!("cannot clean the {table} table of {family}"))?;
            }
        }
    }
    Ok(())
}

/// The `iptables-restore --noflush` script that removes what is ours from a table; none when nothing is.
fn removal(table: &str, rules: &str) -> Option<String> {
    let chains: Vec<&str> = rules
        .lines()
        .filter_map(|line| line.strip_prefix(':')?.split(' ').next())
        .filter(|chain| chain.starts_with(KUBERNETES))
        .collect();
    let foreign_chains = rules.lines().filter(|line| !line.starts_with(&format!("-A {KUBERNETES}")));
    let jumps = foreign_chains
        .filter_map(|line| line.strip_prefix("-A "))
        .filter(|rule| rule.contains(&format!("-j {KUBERNETES}")) || rule.contains(COMMENT))
        .map(|rule| format!("-D {rule}\n"));
    let flush = chains.iter().map(|chain| format!("-F {chain}\n"));
    let delete = chains.iter().map(|chain| format!("-X {chain}\n"));
    let steps: String = flush.chain(jumps).chain(delete).collect();
    (!steps.is_empty()).then(|| format!("*{table}\n{steps}COMMIT\n"))
}

fn restore(family: &str, script: &str) -> Result<()> {
    let program = format!("{family}-restore");
    let mut child = Command::new(&program)
        .args(["--wait", "5", "--noflush"])
        .stdin(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {program}"))?;
    child.stdin.take().expect("stdin is piped").write_all(script.as_bytes())?;
    let status = child.wait()?;
    if !status.success() {
        bail!("{program} failed ({status}) on:\n{script}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::removal;

    #[test]
    fn only_ours_and_kubernetes_rules_are_removed() {
        let rules = "*nat\n:PREROUTING ACCEPT [0:0]\n:DOCKER - [0:0]\n:KUBE-SERVICES - [0:0]\n:KUBE-SVC-A - [0:0]\n\
                     -A PREROUTING -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES\n\
                     -A PREROUTING -j DOCKER\n\
                     -A POSTROUTING -s 10.88.0.0/16 -m comment --comment fakecloud-cluster -j MASQUERADE\n\
                     -A KUBE-SERVICES -j KUBE-SVC-A\nCOMMIT\n";
        let expected = "*nat\n-F KUBE-SERVICES\n-F KUBE-SVC-A\n\
                        -D PREROUTING -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES\n\
                        -D POSTROUTING -s 10.88.0.0/16 -m comment --comment fakecloud-cluster -j MASQUERADE\n\
                        -X KUBE-SERVICES\n-X KUBE-SVC-A\nCOMMIT\n";
        assert_eq!(removal("nat", rules).as_deref(), Some(expected));
    }

    #[test]
    fn table_without_ours_is_left_alone() {
        assert_eq!(removal("nat", "*nat\n:DOCKER - [0:0]\n-A PREROUTING -j DOCKER\nCOMMIT\n"), None);
    }
}
