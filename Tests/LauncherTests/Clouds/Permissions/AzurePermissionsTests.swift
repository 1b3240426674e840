import Shared
import TestSupport
import Testing

@testable import Launcher

/// Whether doctor and start know which rights are missing on Azure.
@Suite struct AzurePermissionsTests {
    private static let subscription = "11111111-1111-1111-1111-111111111111"

    private func mayAssign(
        _ roles: String, identity: String? = nil
    ) async throws -> ScriptedRunner {
        let runner = ScriptedRunner { command in
            switch command.arguments.first {
            case "account": said("me@example.com\n")
            case "role": said(roles)
            default: nil
            }
        }
        var plan = try LauncherSandbox().plan()
        plan.run = try RunName(
            cloud: "azure", projectName: Self.subscription, codeName: "c", datasetName: "d")
        plan.machine.identity = identity
        try await AzureProvider().checkMayAssignRoles(plan, runner: runner)
        return runner
    }

    @Test func `a mere Contributor is told of --identity before anything is made`() async throws {
        let failure = await #expect(throws: Failure.self) {
            _ = try await mayAssign(#"["Contributor"]"#)
        }
        #expect(failure?.hint?.contains("--identity") == true)
        #expect(failure?.hint?.contains("--print_setup") == true)
        // An identity that is given has its rights already, and what is not known refuses nobody.
        #expect(try await mayAssign(#"["Contributor"]"#, identity: "/id").commands.isEmpty)
        _ = try await mayAssign(#"["Contributor", "Our own role"]"#)
        _ = try await mayAssign("no answer")
        _ = try await mayAssign(#"["Owner"]"#)
    }

    private func azure(_ roles: String) -> CheckResult {
        AzurePermissions.result(roles, principal: "app", subscription: Self.subscription)
    }

    @Test(arguments: [
        "[\"Owner\"]", "[\"Reader\", \"Owner\"]",
        "[\"Contributor\", \"User Access Administrator\"]",
        // It may assign roles; none is defined any more.
        "[\"Contributor\", \"Role Based Access Control Administrator\"]",
    ])
    func `roles that suffice on Azure pass`(roles: String) {
        #expect(azure(roles) == .good("all that a start needs"))
    }

    @Test(arguments: [
        ("[\"Contributor\"]", ["User Access Administrator"], ["Contributor"]),
        ("[\"User Access Administrator\"]", ["Contributor"], ["User Access Administrator"]),
        ("[]", ["Contributor", "User Access Administrator"], []),
    ])
    func `a role that is missing on Azure is named, with the command that grants it`(
        roles: String, missing: [String], given: [String]
    ) {
        guard case .problem(let text, let hint) = azure(roles) else {
            Issue.record("\(azure(roles))")
            return
        }
        for role in missing {
            #expect(text.contains(role))
            #expect(hint?.contains("--role '\(role)' --scope /subscriptions/") == true)
        }
        for role in given { #expect(hint?.contains("--role '\(role)'") == false) }
    }

    @Test func `what a role of somebody's own allows is not known`() {
        guard case .warning(let text, _) = azure("[\"Contributor\", \"Our trainers\"]") else {
            Issue.record("\(azure("[]"))")
            return
        }
        #expect(text.contains("Our trainers"))
    }

    @Test func `Azure is asked for the key's own principal in its subscription`() async throws {
        let scratch = try Scratch()
        let key = try scratch.write(
            "{\"appId\": \"app-1\", \"password\": \"hunter2\", \"tenant\": \"t\"}", to: "key")
        let runner = ScriptedRunner { _ in said("[\"Owner\"]") }
        let tool = CloudTool(provider: AzureProvider(), credentialsPath: key, runner: runner)
        let place = CloudPlace(project: Self.subscription, region: "eastus")
        #expect(
            await AzureProvider().permissions(in: place, asking: tool)
                == .good("all that a start needs"))
        let command = try #require(runner.commands.first)
        #expect(command.value(of: "--assignee") == "app-1")
        #expect(command.value(of: "--subscription") == Self.subscription)
        #expect(command.arguments.contains("--include-inherited"))
        #expect(!command.description.contains("hunter2"))
    }
}
