import Shared
import TestSupport
import Testing

/// `--webhook` and `--on_end`, with servers and programs that work, refuse, and hang.
@Suite(.timeLimit(.minutes(5))) struct WebhookTests {
    /// Says an alert, then ends.
    private static let main = """
        from ai_training_utils.alerts import alert
        from ai_training_utils.path_helper import PathHelper

        def main():
            paths = PathHelper().parse_arguments()
            alert("<!channel> too hot", "\\x1b[31m@everyone", "error")
            (paths.output_directory / "model").write_text("weights")

        if __name__ == "__main__":
            main()

        """

    /// Answers each POST as its path says, and notes headers and body.
    private static let server = """
        import http.server, json, sys, time
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                with open(sys.argv[1], "a") as file:
                    note = {"template": self.headers["X-Template"], "shown": self.headers["X-Message"],
                        "agent": self.headers["User-Agent"], "body": json.loads(body)}
                    file.write(json.dumps(note) + "\\n")
                if "hang" in self.path:
                    time.sleep(600)
                self.send_response(404 if "gone" in self.path else 200)
                self.end_headers()
            def log_message(self, *_):
                pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        with open(sys.argv[1] + ".port.tmp", "w") as file:
            file.write(str(server.server_address[1]))
        import os
        os.rename(sys.argv[1] + ".port.tmp", sys.argv[1] + ".port")
        server.serve_forever()
        """

    private func with(
        _ body: (LauncherFixture, _ notes: String, _ address: String) async throws -> Void
    ) async throws {
        try await LauncherFixture.with(files: ["alerting/main.py": Self.main]) { fixture in
            let notes = fixture.scratch.path + "/notes"
            let server = try PosixRunner().start(Command("python3", ["-c", Self.server, notes]))
            do {
                try await Eventually.holds { exists(notes + ".port") }
                let port = String(decoding: try readFile(notes + ".port"), as: UTF8.self)
                try await body(fixture, notes, "http://127.0.0.1:\(port)")
            } catch {
                server.send(SIGKILL)
                throw error
            }
            server.send(SIGKILL)
            _ = await server.wait()
        }
    }

    private func notes(_ path: String) throws -> [JSONValue] {
        try readFile(path).split(separator: 0x0A).map {
            try JSONDecoder().decode(JSONValue.self, from: Data($0))
        }
    }

    private func start(
        _ fixture: LauncherFixture, _ address: String, _ more: [String] = []
    ) async throws -> CommandResult {
        try await fixture.start(
            "classifier/beer",
            ["--module", "alerting.main", "--webhook", address, "--wait"] + more)
    }

    @Test func `alerts and the end reach it in one body that all three take`() async throws {
        try await with { fixture, path, address in
            let run = try await start(fixture, address + "/s3cr3t")
            #expect(run.succeeded, "\(run)")
            let notes = try notes(path)
            #expect(notes.map { $0["body"]?["kind"]?.string } == ["alert", "outcome"])
            let alert = try #require(notes.first)
            #expect(alert["template"]?.string == "yes" && alert["shown"]?.string == "{{.message}}")
            #expect(alert["agent"]?.string == "train-agent")
            let body = try #require(alert["body"])
            // Slack calls nobody, Discord calls nobody, no terminal is steered.
            #expect(body["text"]?.string?.contains("&lt;!channel&gt; too hot") == true, "\(body)")
            #expect(body["content"]?.string?.contains("<!channel> too hot") == true)
            #expect(body["allowed_mentions"] == .object(["parse": .array([])]))
            #expect(body["content"]?.string?.contains("\u{1b}") == false)
            #expect(body["content"] == body["message"] && body["level"]?.string == "error")
            #expect(notes.last?["body"]?["text"]?.string?.hasPrefix("classifier/beer: ") == true)

            // The address is nowhere but in the two private files of this computer.
            #expect(!run.output.contains("s3cr3t") && !run.errorOutput.contains("s3cr3t"))
            let folder = try fixture.folder()
            let holding = try TreeScan(of: folder).files.filter { file in
                (try? readFile(file.source))?.firstRange(of: Data("s3cr3t".utf8)) != nil
            }
            #expect(Set(holding.map(\.path)) == ["secrets.json", "start.json"])
            for file in holding {
                var information = stat()
                #expect(stat(file.source, &information) == 0)
                #expect(information.st_mode & 0o077 == 0)
            }
        }
    }

    @Test(arguments: ["/gone", "/hang", "refused"])
    func `one that fails or hangs costs the run a warning`(place: String) async throws {
        try await with { fixture, _, address in
            // Nobody listens on port 9 of the loopback, the discard service (RFC 863).
            let url = place == "refused" ? "http://127.0.0.1:9/s3cr3t" : address + place
            let run = try await start(fixture, url)
            #expect(run.succeeded, "\(run)")
            if place == "/hang" { return }
            let events = try await fixture.train("events", "classifier/beer", "--json")
            let warnings = events.output.split(separator: "\n").filter {
                $0.contains("the webhook did not take a message")
            }
            #expect(warnings.count == 1, "\(events.output)")
            let reason = place == "/gone" ? "HTTP 404" : "refused"
            #expect(warnings.first?.contains(reason) == true, "\(warnings)")
            #expect(!events.output.contains("s3cr3t"))
        }
    }

    @Test(arguments: ["--webhook", "--on_end"])
    func `neither may come with code`(flag: String) async throws {
        try await LauncherFixture.with(files: [
            "train.json": #"{"\#(flag.dropFirst(2))": "https://example.org/x"}"#
        ]) { fixture in
            let refused = try await fixture.start("classifier/beer")
            #expect(refused.termination == .exited(2))
            #expect(refused.errorOutput.contains("may not stand in a file that travels with code"))
        }
    }

    @Test func `a program of this computer is told of alerts and the end`() async throws {
        try await LauncherFixture.with(files: ["alerting/main.py": Self.main]) { fixture in
            let note = try fixture.scratch.write(
                "#!/bin/sh\nprintf '%s|%s|%s|%s\\n' \"$1\" \"$TRAIN_EVENT\" \"$TRAIN_OUTCOME\" "
                    + "\"$TRAIN_MESSAGE\" >>\"$0.out\"\nexit 3\n", to: "my hook", mode: 0o755)
            let run = try await fixture.start(
                "classifier/beer",
                [
                    "--module", "alerting.main", "--wait", "--on_end",
                    #"["\#(note)", "a b; $(id)"]"#,
                ])
            // Its failure changes nothing.
            #expect(run.succeeded, "\(run)")
            #expect(run.errorOutput.contains("--on_end ended with exit status 3"), "\(run)")
            let lines = String(decoding: try readFile(note + ".out"), as: UTF8.self)
                .split(separator: "\n")
            #expect(lines.last?.hasPrefix("a b; $(id)|ended|succeeded|") == true, "\(lines)")
            #expect(lines.contains { $0.hasPrefix("a b; $(id)|alert||") }, "\(lines)")

            let waited = try await fixture.train(
                "wait", "classifier/beer", "--on_end", "'\(note)' again")
            #expect(waited.succeeded, "\(waited)")
            let more = String(decoding: try readFile(note + ".out"), as: UTF8.self)
            #expect(more.contains("again|ended|succeeded|"), "\(more)")
        }
    }
}
