import Shared
import TestSupport
import Testing

@testable import Launcher

/// Whether the doctor knows which rights a start lacks.
@Suite struct PermissionTests {
    private static let subscription = "11111111-1111-1111-1111-111111111111"

    // MARK: Google

    private func google(_ runner: ScriptedRunner, project: String = "acme") async -> CheckResult {
        await GooglePermissions(runner: runner).check(project: project, token: "ya29.secret")
    }

    private static func answer(without missing: Set<String> = []) -> String {
        let given = GooglePermissions.needed.flatMap(\.permissions).filter { !missing.contains($0) }
        let list = given.map { "\"\($0)\"" }.joined(separator: ",")
        return "{\"permissions\": [\(list)]}"
    }

    @Test func `Google's answer names what is missing and the role that brings it`() async {
        let missing: Set = ["iam.serviceAccounts.actAs", "storage.buckets.create"]
        let verdict = await google(ScriptedRunner { _ in said(Self.answer(without: missing)) })
        guard case .problem(let text, let hint) = verdict else {
            Issue.record("\(verdict)")
            return
        }
        #expect(text == "missing: iam.serviceAccounts.actAs, storage.buckets.create")
        #expect(hint?.contains("--role=roles/iam.serviceAccountUser") == true)
        #expect(hint?.contains("--role=roles/storage.admin") == true)
        #expect(hint?.contains("roles/compute.admin") == false)
        let all = await google(ScriptedRunner { _ in said(Self.answer()) })
        #expect(all == .good("all that a start needs"))
        // An account with no right at all gets an empty object.
        let none = await google(ScriptedRunner { _ in said("{}") })
        guard case .problem = none else {
            Issue.record("\(none)")
            return
        }
    }

    @Test func `the token is nowhere but in curl's input`() async throws {
        let runner = ScriptedRunner { _ in said(Self.answer()) }
        _ = await google(runner)
        let command = try #require(runner.commands.first)
        #expect(command.executable == "curl")
        #expect(!command.description.contains("secret"))
        #expect(command.environment.isEmpty)
        #expect(
            command.input == .data(Data("header = \"Authorization: Bearer ya29.secret\"\n".utf8)))
        #expect(command.arguments.last?.hasSuffix("/v1/projects/acme:testIamPermissions") == true)
    }

    @Test func `where Google does not answer the rights are not known, and no token is shown`()
        async throws
    {
        let text =
            "{\"error\": {\"code\": 403, \"message\": \"Cloud Resource Manager API has not been used"
            + " in project 1 before or it is disabled.\"}}"
        let runner = ScriptedRunner { _ in said(text) }
        let verdict = await google(runner)
        guard case .warning(let words, let hint) = verdict else {
            Issue.record("\(verdict)")
            return
        }
        #expect(words.contains("not known: Cloud Resource Manager API has not been used"))
        #expect(hint?.contains("gcloud services enable cloudresourcemanager") == true)
        // Asked again in the project's own name, as some organisations want it.
        #expect(
            runner.commands.map { $0.arguments.contains("x-goog-user-project: acme") }
                == [false, true])
        for odd in ["ya29\"\nurl = \"file:///etc/passwd", ""] {
            let silent = ScriptedRunner { _ in nil }
            let verdict = await GooglePermissions(runner: silent).check(
                project: "acme", token: odd)
            #expect(silent.commands.isEmpty)
            #expect(!"\(verdict)".contains("passwd"))
        }
        let silent = ScriptedRunner { _ in nil }
        _ = await google(silent, project: "../x?y")
        #expect(silent.commands.isEmpty)
    }

    @Test func `real curl sends the token as a header`() async throws {
        let scratch = try Scratch()
        let server = """
            import http.server, json, sys
            class Handler(http.server.BaseHTTPRequestHandler):
                def do_POST(self):
                    asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                    isKnown = self.headers["Authorization"] == "Bearer ya29.secret"
                    given = [p for p in asked["permissions"] if p != "storage.objects.list"]
                    body = json.dumps({"permissions": given if isKnown else []}).encode()
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                def log_message(self, *words): pass
            server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
            open(sys.argv[1] + "/new", "w").write(str(server.server_port))
            __import__("os").rename(sys.argv[1] + "/new", sys.argv[1] + "/port")
            server.serve_forever()
            """
        let program = try scratch.write(server, to: "server.py")
        let running = try PosixRunner().start(Command("python3", [program, scratch.path]))
        defer { running.send(SIGKILL) }
        try await Eventually.holds { scratch.read("port") != nil }
        let verdict = await GooglePermissions(
            runner: PosixRunner(), service: "http://127.0.0.1:\(scratch.read("port") ?? "")"
        ).check(project: "acme", token: "ya29.secret")
        guard case .problem(let text, _) = verdict else {
            Issue.record("\(verdict)")
            return
        }
        #expect(text == "missing: storage.objects.list")
    }

    @Test func `Terraform's login is asked, not gcloud's, where no key is given`() async throws {
        let scratch = try Scratch()
        try scratch.write("{}", to: ".config/gcloud/application_default_credentials.json")
        let cloud = GoogleProvider(
            login: GoogleLogin(environment: ["HOME": scratch.path], product: ""))
        let runner = ScriptedRunner { command in
            command.executable == "curl" ? said(Self.answer()) : said("ya29.secret\n")
        }
        let place = CloudPlace(project: "acme", region: "us-central1")
        for (key, words) in [
            (nil, ["auth", "application-default", "print-access-token"]),
            ("/key", ["auth", "print-access-token"]),
        ] {
            let tool = CloudTool(provider: cloud, credentialsPath: key, runner: runner)
            #expect(
                await cloud.permissions(in: place, asking: tool) == .good("all that a start needs"))
            let asked = runner.commands.suffix(2).first
            #expect(asked?.arguments == words)
        }
    }

    // MARK: AWS

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

    // MARK: Azure

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
        var plan = try LauncherSandbox().plan(.succeed)
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
