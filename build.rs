//! Compiles the canary (`canary/`), the program that `src/canary/` carries along. See docs/decisions/0011-canary.md.

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Architectures that the canary has the kernel's calls of.
const ARCHITECTURES: [&str; 2] = ["x86_64", "aarch64"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=canary");
    println!("cargo::rerun-if-env-changed=RUSTC_LINKER");
    let program = Path::new(&env::var("OUT_DIR")?).join("canary");
    let architecture = env::var("CARGO_CFG_TARGET_ARCH")?;
    let is_linux = env::var("CARGO_CFG_TARGET_OS")? == "linux";
    if is_linux && ARCHITECTURES.contains(&&*architecture) {
        compile(&program)
    } else {
        // wakeboard itself works there; its doctor says why it cannot try a host.
        Ok(fs::write(program, [])?)
    }
}

fn compile(program: &Path) -> Result<(), Box<dyn Error>> {
    let mut rustc = Command::new(env::var("RUSTC")?);
    rustc.args(["--edition=2024", "--crate-name=canary", "--crate-type=bin", "canary/main.rs"]);
    rustc.arg("--target").arg(env::var("TARGET")?).arg("-o").arg(program);
    for option in [
        "panic=abort",
        "opt-level=s",
        "lto=fat",
        "codegen-units=1",
        "strip=symbols",
        "relocation-model=static",
        // Nothing of a libc: not its start, not its functions.
        "link-arg=-nostartfiles",
        "link-arg=-nostdlib",
        "link-arg=-static",
        "link-arg=-Wl,--build-id=none",
    ] {
        rustc.arg("-C").arg(option);
    }
    if env::var("CARGO_CFG_TARGET_ENV")? == "musl" {
        // Else rustc brings its own copy of musl's start.
        rustc.args(["-C", "link-self-contained=no"]);
    }
    if let Ok(linker) = env::var("RUSTC_LINKER") {
        rustc.arg("-C").arg(format!("linker={linker}"));
    }
    let output = rustc.output()?;
    if !output.status.success() {
        return Err(format!("the canary: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(())
}
