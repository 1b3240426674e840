import Shared

extension TerraformDriver {
    /// - Returns: such as `1.11.4`.
    /// - Throws: `Failure` where Terraform is missing or too old.
    @discardableResult
    static func checkVersion(runner: any CommandRunner) async throws -> String {
        let howTo =
            "install Terraform \(oldestVersion) or later: developer.hashicorp.com/terraform/install"
        let result: CommandResult
        do {
            result = try await runner.run(
                Command("terraform", ["version", "-json"]), timeout: .seconds(30))
        } catch let failure as Failure {
            throw Failure(failure.summary, hint: howTo)
        }
        guard result.succeeded,
            let told = try? JSONDecoder().decode(Told.self, from: Data(result.output.utf8))
        else {
            throw Failure("terraform does not work", detail: result.lastLines(3), hint: howTo)
        }
        let version = told.terraform_version
        if isVersion(version, atLeast: oldestVersion) { return version }
        throw Failure("terraform \(harmless(version)) is too old", hint: howTo)
    }

    static func isVersion(_ version: String, atLeast oldest: String) -> Bool {
        !numbers(version).lexicographicallyPrecedes(numbers(oldest))
    }

    private struct Told: Decodable { var terraform_version: String }

    private static func numbers(_ version: String) -> [Int] {
        version.split(separator: ".").map { Int($0.prefix { $0.isNumber }) ?? 0 }
    }

    /// Whether the user has said where Terraform finds providers: by a file of settings, or by a
    /// directory that Terraform searches on its own
    /// (developer.hashicorp.com/terraform/cli/config/config-file, "Implied Local Mirror Directories").
    static func hasOwnSettings(environment: [String: String]) -> Bool {
        if environment["TF_CLI_CONFIG_FILE"] != nil || environment["TERRAFORM_CONFIG"] != nil {
            return true
        }
        let home = environment["HOME"] ?? ""
        let data = environment["XDG_DATA_HOME"] ?? home + "/.local/share"
        return [
            home + "/.terraformrc", home + "/.terraform.d/plugins", data + "/terraform/plugins",
            "/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins",
            home + "/Library/Application Support/io.hashicorp.terraform/plugins",
            "/Library/Application Support/io.hashicorp.terraform/plugins",
        ].contains(where: exists)
    }

    /// Where the providers are kept; nil where the user has settings of their own for that.
    static func pluginCache(environment: [String: String]) -> String? {
        for name in ["TF_PLUGIN_CACHE_DIR", "TF_CLI_CONFIG_FILE"] where environment[name] != nil {
            return nil
        }
        if let cache = environment["XDG_CACHE_HOME"], cache.hasPrefix("/") {
            return cache + "/train/terraform"
        }
        return environment["HOME"].map { $0 + "/.cache/train/terraform" }
    }
}
