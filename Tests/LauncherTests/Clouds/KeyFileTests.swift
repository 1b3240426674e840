import Shared
import TestSupport
import Testing

@testable import Launcher

/// A file of the wrong kind is named for what it is.
@Suite struct KeyFileTests {
    private static let project = "11111111-1111-1111-1111-111111111111"

    private func refusal(_ cloud: any CloudProvider, _ text: String) throws -> Failure? {
        let scratch = try Scratch()
        let path = try scratch.write(text, to: "key")
        do {
            try cloud.checkKey(path, project: Self.project)
            return nil
        } catch let failure as Failure {
            return failure
        }
    }

    @Test(arguments: [
        (#"{"type": "authorized_user", "refresh_token": "s3cret"}"#, "own login", "auth login"),
        (#"{"type": "external_account", "audience": "s3cret"}"#, "federation", "--cred-file"),
        (
            #"{"type": "impersonated_service_account", "source_credentials": {}}"#, "acts for",
            "IMPERSONATE"
        ),
        (#"{"installed": {"client_secret": "s3cret"}}"#, "OAuth client", "keys create"),
        (#"{"appId": "a", "password": "s3cret", "tenant": "t"}"#, "Azure's", "keys create"),
        (#"{"type": "gdch_service_account"}"#, "'gdch_service_account'", "keys create"),
        (#"{"type": "service_account", "private_key": "s3cret"}"#, "names no account", ""),
        (#"{"type": "service_account", "client_email": "a@b"}"#, "no private key", "keys create"),
        ("{}", "not a key of a service account", "keys create"),
        ("[default]", "not a JSON key", "keys create"),
    ])
    func `on Google`(text: String, summary: String, hint: String) throws {
        let failure = try refusal(GoogleProvider(), text)
        #expect(failure?.summary.contains(summary) == true, "\(String(describing: failure))")
        #expect(hint.isEmpty || failure?.hint?.contains(hint) == true)
        #expect(failure?.description.contains("s3cret") == false)
    }

    @Test(arguments: [
        ("Access key ID,Secret access key\r\nAKIA,s3cret\r\n", "console downloads", "AWS_PROFILE"),
        (
            "[123456789012_AdminRole]\naws_access_key_id = AKIA\naws_secret_access_key=s3cret\n",
            "but '123456789012_AdminRole'", "AWS_PROFILE=NAME"
        ),
        ("[default]\nregion = us-east-1\n", "has no aws_access_key_id", "AWS_PROFILE"),
        (
            "[default]\nregion = us-east-1\n[other]\naws_access_key_id = AKIA\n",
            "has no aws_access_key_id", "AWS_PROFILE"
        ),
        (#"{"AccessKeyId": "AKIA"}"#, "is JSON", "aws sso login"),
        ("", "no profile", "aws configure"),
    ])
    func `on AWS`(text: String, summary: String, hint: String) throws {
        let failure = try refusal(AmazonProvider(), text)
        #expect(failure?.summary.contains(summary) == true, "\(String(describing: failure))")
        #expect(failure?.hint?.contains(hint) == true)
        #expect(failure?.description.contains("s3cret") == false)
    }

    @Test func `on Azure Google's key is named`() throws {
        let failure = try refusal(
            AzureProvider(), #"{"type": "service_account", "private_key": "s3cret"}"#)
        #expect(failure?.summary.contains("key of Google's") == true)
        #expect(failure?.hint?.contains("az login") == true)
    }

    @Test(arguments: [
        "[default]\naws_access_key_id = AKIA\naws_secret_access_key = s\n",
        "# a comment\n[other]\n[default]\ncredential_process = /bin/login\n",
    ])
    func `a credentials file of AWS passes`(text: String) throws {
        #expect(try refusal(AmazonProvider(), text) == nil)
    }

    @Test func `a key of a service account passes`() throws {
        let key = #"{"type": "service_account", "client_email": "a@b", "private_key": "k"}"#
        #expect(try refusal(GoogleProvider(), key) == nil)
    }

    @Test(arguments: [("v1.60.1-DEV", false), ("v1.61.0", true), ("v1.71.2", true)])
    func `rclone must know the login of az`(version: String, isEnough: Bool) async throws {
        let runner = ScriptedRunner { _ in said("rclone \(version)\n- os/version: debian 12\n") }
        let plan = try LauncherSandbox().plan()
        do {
            try await AzureProvider().checkTools(plan, runner: runner)
            #expect(isEnough)
        } catch let failure as Failure {
            #expect(!isEnough)
            #expect(failure.hint?.contains("1.61") == true)
        }
        var keyed = plan
        keyed.access = StoreAccess(credentialsPath: "/key")
        try await AzureProvider().checkTools(keyed, runner: runner)
    }

    @Test func `without a key Azure's subscription must be named`() {
        let failure = #expect(throws: Failure.self) {
            try AzureProvider().checkLogin(project: "azure")
        }
        #expect(failure?.exit == ExitCode.usage.rawValue)
        #expect(failure?.hint?.contains("az account show") == true)
    }

    /// One word is enough: each tool reads another.
    @Test(arguments: [
        "CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT", "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT",
    ])
    func `who acts for a service account does so in every tool`(variable: String) throws {
        let environment = [variable: "trainer@p.iam.gserviceaccount.com"]
        var provider = GoogleProvider()
        provider.login = GoogleLogin(environment: environment, product: "")
        let account = "trainer@p.iam.gserviceaccount.com"
        let tool = provider.environment(credentialsPath: nil)
        #expect(tool["CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT"] == account)
        let terraform = provider.terraformEnvironment(environment)
        #expect(terraform["GOOGLE_IMPERSONATE_SERVICE_ACCOUNT"] == account)
        #expect(terraform["GOOGLE_BACKEND_IMPERSONATE_SERVICE_ACCOUNT"] == account)
        let store = GsutilStore(
            credentialsPath: nil, stateDirectory: "/s",
            impersonated: LoginVariables.impersonated(in: environment), faster: DirectoryStub.store)
        let list = store.list(try StoreURL(parsing: "gs://b"))
        #expect(list.value(of: "-i") == account)
        // rclone cannot.
        #expect(store.traits.faster == nil)
        let keyed = provider.environment(credentialsPath: "/key")
        #expect(keyed["CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT"] == nil)
    }

    private enum DirectoryStub {
        static var store: any ObjectStore {
            GsutilStore(credentialsPath: nil, stateDirectory: "/s")
        }
    }
}
