import Shared
import TestSupport
import Testing

@testable import Launcher

/// Whether the doctor knows which rights a start on AWS lacks.
@Suite struct AmazonPermissionsTests {
    private func amazon(
        caller: String, simulate: @escaping @Sendable (Command) -> CommandResult
    ) async -> (verdict: CheckResult, commands: [Command]) {
        let runner = ScriptedRunner { command in
            if command.arguments.contains("get-caller-identity") { return said(caller + "\n") }
            if command.arguments.contains("get-role") {
                return said("arn:aws:iam::123456789012:role/team/Trainer\n")
            }
            return simulate(command)
        }
        let tool = CloudTool(provider: AmazonProvider(), credentialsPath: nil, runner: runner)
        let place = CloudPlace(project: nil, region: "eu-west-1")
        return (await AmazonProvider().permissions(in: place, asking: tool), runner.commands)
    }

    private let user = "arn:aws:iam::123456789012:user/me"

    @Test func `AWS's simulator names what is missing and the policy that brings it`() async {
        let (verdict, commands) = await amazon(caller: user) { command in
            let denied = command.arguments.contains("iam:PassRole") ? "[\"iam:PassRole\"]" : "[]"
            return said(denied)
        }
        guard case .problem(let text, let hint) = verdict else {
            Issue.record("\(verdict)")
            return
        }
        #expect(text == "missing: iam:PassRole")
        #expect(hint?.contains("IAMFullAccess") == true)
        #expect(hint?.contains("AmazonEC2FullAccess") == false)
        let asked = commands.filter { $0.arguments.contains("simulate-principal-policy") }
        #expect(asked.count == AmazonPermissions.needed.count)
        #expect(asked.allSatisfy { $0.value(of: "--policy-source-arn") == user })
        // A policy that allows the runs' own names and no others passes.
        let resources = asked.compactMap { $0.value(of: "--resource-arns") }
        #expect(resources.contains("arn:aws:iam::123456789012:role/train-doctor"))
        #expect(resources.contains("arn:aws:s3:::train-doctor-output"))
        #expect(resources.contains { $0.hasPrefix("arn:aws:ssm:eu-west-1::parameter/") })
    }

    @Test func `an AWS account that may do all is told so`() async {
        let (verdict, _) = await amazon(caller: user) { _ in said("[]") }
        #expect(verdict == .good("all that a start needs"))
    }

    @Test func `where AWS denies the simulation the rights are not known`() async {
        let (verdict, _) = await amazon(caller: user) { _ in
            refused("AccessDenied: not authorized to perform: iam:SimulatePrincipalPolicy")
        }
        guard case .warning(let text, let hint) = verdict else {
            Issue.record("\(verdict)")
            return
        }
        #expect(text.contains("not known: aws: AccessDenied"))
        #expect(hint?.contains("iam:SimulatePrincipalPolicy") == true)
    }

    @Test func `a session is asked by its role, with the role's path`() async {
        let (_, commands) = await amazon(
            caller: "arn:aws:sts::123456789012:assumed-role/Trainer/me"
        ) { _ in said("[]") }
        let sources = commands.compactMap { $0.value(of: "--policy-source-arn") }
        #expect(Set(sources) == ["arn:aws:iam::123456789012:role/team/Trainer"])
    }

    @Test(arguments: [
        ("arn:aws:iam::1:root", "root"), ("arn:aws:sts::1:federated-user/x", "unknown"),
        ("nonsense", "unknown"),
    ])
    func `whom the simulator does not know is not simulated`(
        caller: String, expected: String
    ) async {
        let (verdict, commands) = await amazon(caller: caller) { _ in said("[]") }
        #expect(commands.count == 1)
        switch verdict {
        case .good: #expect(expected == "root")
        case .warning: #expect(expected == "unknown")
        case .problem: Issue.record("\(verdict)")
        }
    }
}
