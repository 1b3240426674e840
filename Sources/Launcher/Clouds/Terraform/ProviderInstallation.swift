import Shared

/// Makes a run's folder ready for Terraform: its provider, and its state where that is in a bucket.
extension TerraformDriver {
    /// Fetches the provider, and opens the state where it is in a bucket; cheap where both are done.
    ///
    /// Terraform installs what configuration and state name. The provider is therefore fetched before a
    /// bucket's state is open, by the configuration alone; then the state is opened where there is no
    /// provider to be had but the installed one. Nobody who writes into the bucket can so name a program.
    ///
    /// - Throws: `Failure` naming the provider where the state wants another.
    func initialise() async throws {
        try provider.write(to: directory)
        let lock = try await lockedCache()
        defer { if let lock { close(lock) } }
        if isShared {
            // What an earlier call noted of the bucket: by it Terraform would look into the state.
            unlink(directory + "/.terraform/terraform.tfstate")
        } else if state.exists {
            try TerraformState(readFile(state.path, limit: TerraformState.largest))
                .check(provider)
        }
        try await initialise(isShared ? ["-backend=false"] : [], settings: nil)
        guard isShared else { return }
        do {
            // The backend's settings name the user's key: another key must not look like a move.
            try await initialise(
                ["-reconfigure", "-lockfile=readonly"],
                settings: directory + "/" + LockedProvider.installedSettings)
        } catch {
            // Why it failed is said best by the state, where that can be read.
            if let state = try? await pulledState() { try state.check(provider) }
            throw error
        }
    }

    private func initialise(_ options: [String], settings: String?) async throws {
        var command = command(["init", "-input=false", "-no-color"] + options)
        if let settings { command.environment["TF_CLI_CONFIG_FILE"] = settings }
        let result = try await runner.run(command)
        guard !result.succeeded else { return }
        let words = result.lastLines(8)
        // Only a state in a bucket is looked for here, and so only its bucket can refuse.
        let kind = TerraformErrorKind(of: words)
        guard kind == .other else { throw kind.failure(words: words, address: nil) }
        throw Failure(
            "Terraform could not fetch its provider", detail: words,
            hint: "\(provider.name) \(provider.version) comes from registry.terraform.io: is the "
                + "network there?")
    }

    /// Terraform's cache cannot be written by two at once, so a second start waits for the first.
    private func lockedCache() async throws -> Int32? {
        guard let pluginCache else { return nil }
        try makeDirectories(pluginCache, mode: 0o700)
        let descriptor = open(pluginCache, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw systemFailure("cannot open \(quoted(pluginCache))") }
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            do {
                try await clock.sleep(for: .milliseconds(200))
            } catch {
                close(descriptor)
                throw error
            }
        }
        return descriptor
    }
}
