import Shared

/// The one Terraform provider of a cloud, at one version, with the hashes of its packages.
///
/// Terraform also installs each provider that a state names, and a state may lie in a bucket that others
/// write: what runs on this computer is said here alone. `zh:` hashes are of the release's archives for
/// every platform, `h1:` hashes of the unpacked ones. They are those of public dependency lock files,
/// each hash found in two or more that have nothing to do with each other.
struct LockedProvider: Sendable, Equatable {
    let name: String
    let version: String
    let hashes: [String]

    var source: String { "registry.terraform.io/hashicorp/\(name)" }

    static let lockFile = ".terraform.lock.hcl"
    /// Terraform's settings: its registry for this provider, and nothing for any other.
    static let registrySettings = "registry.tfrc"
    /// Terraform's settings: what the folder has installed, and nothing else.
    static let installedSettings = "installed.tfrc"

    /// Writes lock and settings into a run's folder.
    ///
    /// A lock that already holds these hashes stays: Terraform has added the one of the package that it
    /// unpacked, which it had checked by them.
    func write(to directory: String) throws {
        let lock = directory + "/" + Self.lockFile
        let kept = exists(lock) ? String(decoding: try readFile(lock), as: UTF8.self) : ""
        if !hashes.allSatisfy({ kept.contains("\"\($0)\"") })
            || kept.matches(of: /provider "/).count != 1
        {
            try AtomicFile.write(Data(lockText.utf8), to: lock, mode: 0o600)
        }
        let registry = "  direct {\n    include = [\"\(source)\"]\n  }\n"
        let installed =
            "  filesystem_mirror {\n    path    = \(Self.hcl(directory + "/.terraform/providers"))\n"
            + "    include = [\"\(source)\"]\n  }\n"
        for (name, place) in [
            (Self.registrySettings, registry), (Self.installedSettings, installed),
        ] {
            let text = "disable_checkpoint = true\nprovider_installation {\n\(place)}\n"
            try AtomicFile.write(Data(text.utf8), to: directory + "/" + name, mode: 0o600)
        }
    }

    private var lockText: String {
        """
        provider "\(source)" {
          version     = "\(version)"
          constraints = "\(version)"
          hashes = [
        \(hashes.map { "    \"\($0)\",\n" }.joined())  ]
        }

        """
    }

    /// A path as HCL writes it, where `${` and `%{` begin a template.
    private static func hcl(_ text: String) -> String {
        let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            .replacing("${", with: "$${").replacing("%{", with: "%%{")
        return "\"\(escaped)\""
    }
}
