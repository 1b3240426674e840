import Shared
import TestSupport
import Testing

@testable import Launcher

/// Terraform's login for Google Cloud, which is not gcloud's.
@Suite struct GoogleLoginTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func login(_ environment: [String: String] = [:], product: String = "") -> GoogleLogin {
        GoogleLogin(
            environment: ["HOME": scratch.path].merging(environment) { $1 }, product: product)
    }

    private func write(_ path: String) throws -> String { try scratch.write("{}", to: path) }

    @Test func `gcloud's own login alone does not count`() throws {
        _ = try write(".config/gcloud/credentials.db")
        let failure = #expect(throws: Failure.self) { try login().source() }
        #expect(failure?.hint?.contains("gcloud auth application-default login") == true)
    }

    @Test func `application default credentials count`() throws {
        _ = try write(".config/gcloud/application_default_credentials.json")
        #expect(try login().source() == .defaults)
    }

    @Test func `a key that the environment names counts if it is there`() throws {
        let name = "GOOGLE_APPLICATION_CREDENTIALS"
        #expect(try login([name: try write("key.json")]).source() == .defaults)
        _ = try write(".config/gcloud/application_default_credentials.json")
        let failure = #expect(throws: Failure.self) { try login([name: "/gone.json"]).source() }
        #expect(failure?.summary.contains("'/gone.json'") == true)
    }

    @Test func `what only Terraform reads counts, and the token before it`() throws {
        #expect(
            try login(["GOOGLE_CREDENTIALS": "{}"]).source() == .variable("GOOGLE_CREDENTIALS"))
        #expect(
            try login(["GOOGLE_CREDENTIALS": "{}", "GOOGLE_OAUTH_ACCESS_TOKEN": "t"]).source()
                == .token)
        #expect(throws: Failure.self) { try login(["GOOGLE_OAUTH_ACCESS_TOKEN": ""]).source() }
    }

    @Test func `Google's own machines have a login without any file`() throws {
        #expect(try login(product: "Google Compute Engine\n").source() == .defaults)
        #expect(try login(["CLOUD_SHELL": "true"]).source() == .defaults)
        #expect(throws: Failure.self) { try login(product: "ThinkPad").source() }
    }

    private func titles(_ login: GoogleLogin, key: String?) -> [String] {
        GoogleProvider(login: login)
            .checks(in: CloudPlace(project: "p", region: "r"), credentialsPath: key)
            .filter { $0.arguments.first == "auth" }
            .map { $0.arguments.joined(separator: " ") }
    }

    @Test func `the doctor looks at both logins, and a key is both`() {
        let own = "auth print-access-token"
        let terraforms = "auth application-default print-access-token"
        #expect(titles(login(), key: nil) == [own, terraforms])
        #expect(titles(login(), key: "/key.json") == [own])
        #expect(titles(login(["GOOGLE_OAUTH_ACCESS_TOKEN": "t"]), key: nil) == [own])
        // gcloud cannot tell whether this one is good.
        #expect(titles(login(["GOOGLE_CREDENTIALS": "{}"]), key: nil) == [own])
    }

    private func plan(_ machine: MachineRequest) throws -> Plan {
        var plan = try LauncherSandbox().plan()
        plan.machine = machine
        return plan
    }

    @Test func `a start without a login ends before anything is made`() throws {
        let failure = #expect(throws: Failure.self) {
            try GoogleProvider(login: login()).check(plan(MachineRequest()))
        }
        #expect(failure?.hint?.contains("application-default login") == true)
        try GoogleProvider(login: login(["GOOGLE_OAUTH_ACCESS_TOKEN": "t"]))
            .check(plan(MachineRequest()))
    }

    @Test(arguments: [
        (MachineRequest(gpuCount: 2), "g2-standard-8 brings its own", "--machine_type"),
        (
            MachineRequest(machineType: "a2-highgpu-1g", gpuCount: 2),
            "a2-highgpu-1g brings its own", "a2-highgpu-2g"
        ),
        (
            MachineRequest(machineType: "n1-standard-8", gpuCount: 2), "no --gpu_type says which",
            "nvidia-tesla-t4"
        ),
        (MachineRequest(sshCidr: "1.2.3.4/0"), "--ssh_cidr", "0.0.0.0/0"),
    ])
    func `what would be ignored or misread is refused`(
        machine: MachineRequest, summary: String, hint: String
    ) throws {
        let cloud = GoogleProvider(login: login(["GOOGLE_OAUTH_ACCESS_TOKEN": "t"]))
        let failure = #expect(throws: Failure.self) { try cloud.check(plan(machine)) }
        #expect(failure?.exit == ExitCode.usage.rawValue)
        #expect(failure?.summary.contains(summary) == true, "\(failure?.summary ?? "")")
        #expect(failure?.hint?.contains(hint) == true, "\(failure?.hint ?? "")")
    }

    @Test func `a GPU that is named with its count passes`() throws {
        let cloud = GoogleProvider(login: login(["GOOGLE_OAUTH_ACCESS_TOKEN": "t"]))
        try cloud.check(plan(MachineRequest(gpuType: "nvidia-tesla-t4", gpuCount: 2)))
    }
}
