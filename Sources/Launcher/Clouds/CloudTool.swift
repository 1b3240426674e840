import Shared

/// Asks a cloud's own command line tool, which need not be installed.
struct CloudTool: Sendable {
    let cloud: any RentedCloud
    let credentialsPath: String?
    let runner: any CommandRunner

    /// Longer than any of them takes to say that there is no network.
    private static let timeout: Duration = .seconds(60)

    /// gcloud and az wait until the machine is off, which takes its operating system minutes.
    private static let endingTimeout: Duration = .seconds(600)

    /// - Throws: `Failure` naming the tool where it is not there or refuses.
    @discardableResult
    func ask(_ arguments: [String], timeout: Duration = Self.timeout) async throws -> String {
        let result = try await run(arguments, timeout: timeout)
        guard result.succeeded else {
            throw Failure("\(cloud.tool): \(lastWords(of: result, timeout: timeout))")
        }
        return result.output
    }

    /// Ends the machine, keeps its disk.
    ///
    /// - Throws: as `ask`.
    func end(_ machine: MadeMachine) async throws {
        try await ask(cloud.ending(of: machine), timeout: Self.endingTimeout)
    }

    func run(
        _ arguments: [String], timeout: Duration = Self.timeout
    ) async throws -> CommandResult {
        var command = Command(cloud.tool, arguments)
        command.environment = cloud.environment(credentialsPath: credentialsPath)
        if credentialsPath != nil {
            command.environment.merge(LoginVariables.unset(cloud.loginVariables)) { told, _ in told
            }
        }
        return try await runner.run(command, timeout: timeout)
    }

    private func lastWords(
        of result: CommandResult, timeout: Duration = Self.timeout
    ) -> String {
        if result.timedOut { return "no answer within \(TimeSpan(seconds: timeout.seconds))" }
        return harmless(result.lastLines(1))
    }

    /// Whether the machine runs, as the cloud says.
    func state(of machine: MadeMachine) async -> MachineState {
        do {
            let result = try await run(cloud.stateQuery(of: machine))
            let said = result.output + " " + result.errorOutput
            let words = cloud.stateWords(of: machine)
            if words.gone.contains(where: said.contains) { return .gone }
            if result.succeeded, words.running.contains(where: said.contains) {
                return .running
            }
            return .unknown("\(cloud.tool): \(lastWords(of: result))")
        } catch {
            return .unknown((error as? Failure)?.summary ?? "\(error)")
        }
    }

    /// Everything labelled; of one run where `run` is given.
    ///
    /// - Throws: `Failure` where the cloud cannot be asked.
    func living(in place: CloudPlace, run: String? = nil) async throws -> [Living] {
        var found: [Living] = []
        for query in cloud.livingQueries(in: place) where query.isPrompt || run == nil {
            let text = try await ask(query.arguments)
            do {
                found += try query.read(text)
            } catch {
                throw Failure("\(cloud.tool): its answer does not read as a list")
            }
        }
        return found.filter { run == nil || $0.run == run }
    }
}

/// One question of `train doctor` to a cloud's tool.
struct ToolCheck: Sendable {
    var title: String
    var arguments: [String]
    /// What to do where the answer is bad.
    var hint: String
    /// What is wrong by the answer; nil where all is well.
    var problem: @Sendable (String) -> String? = { _ in nil }
}
