import Shared
import TestSupport
import Testing

@testable import Launcher

/// Whether the doctor knows which rights a start on Google lacks.
@Suite struct GooglePermissionsTests {
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
}
