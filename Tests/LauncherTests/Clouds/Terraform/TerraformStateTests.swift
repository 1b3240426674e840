import Shared
import TestSupport
import Testing

@testable import Launcher

/// A state from a bucket is data: what it names runs nothing, and removes nothing but the run.
@Suite struct TerraformStateTests {
    static let own = "registry.terraform.io/hashicorp/google"

    /// A state with one resource.
    static func state(
        provider: String = own, type: String = "google_compute_instance",
        attributes: String = #"{"id": "train-x"}"#
    ) -> Data {
        Data(
            """
            {"version": 4, "serial": 1, "lineage": "l", "terraform_version": "1.5.0", "outputs": {},
             "resources": [{"mode": "managed", "type": "\(type)", "name": "run",
             "provider": "provider[\\"\(provider)\\"]",
             "instances": [{"schema_version": 0, "attributes": \(attributes)}]}]}
            """.utf8)
    }

    @Test func `another provider is refused by its name`() throws {
        try TerraformState(Self.state()).check(GoogleProvider().lockedProvider)
        for other in [
            "registry.terraform.io/attacker/evil", "example.org/hashicorp/google",
            "registry.terraform.io/hashicorp/aws", "",
        ] {
            let state = try TerraformState(Self.state(provider: other))
            let failure = #expect(throws: Failure.self) {
                try state.check(GoogleProvider().lockedProvider)
            }
            #expect(failure?.summary.contains("it was not run") == true)
            #expect(other.isEmpty || failure?.summary.contains(quoted(other)) == true)
            #expect(failure?.detail?.contains("google_compute_instance.run") == true)
        }
    }

    @Test(arguments: [
        "{", "[]", #"{"version": 3, "resources": []}"#, #"{"version": 3, "modules": [{}]}"#,
        #"{"version": 4, "Resources": []}"#, #"{"Modules": []}"#,
    ])
    func `what does not read is not taken for an empty state`(text: String) {
        #expect(throws: Failure.self) { try TerraformState(Data(text.utf8)) }
    }

    @Test func `nothing and an empty state hold nothing`() throws {
        for text in ["", "\n", "{}", #"{"version": 4, "resources": []}"#] {
            #expect(try TerraformState(Data(text.utf8)).addresses == [])
        }
    }

    @Test func `a resource that bears no name of the run is refused by its address`() throws {
        let names = ["train-code-beer-1234", "trainabcdefghij23"]
        for mine in [
            #"{"id": "projects/p/zones/z/instances/train-code-beer-1234"}"#,
            #"{"id": "i-1", "tags_all": {"run": "train-code-beer-1234"}}"#,
            #"{"bucket": "trainabcdefghij23-code"}"#,
        ] { try TerraformState(Self.state(attributes: mine)).check(carries: names) }
        let state = try TerraformState(Self.state(attributes: #"{"id": "i-2", "name": "prod"}"#))
        let failure = #expect(throws: Failure.self) { try state.check(carries: names) }
        #expect(failure?.summary.contains("'google_compute_instance.run'") == true)
    }

    @Test func `what hangs on a resource of the run needs no name`() throws {
        func state(_ route: String) throws -> TerraformState {
            try TerraformState(
                Data(
                    """
                    {"version": 4, "resources": [
                     {"mode": "managed", "type": "aws_vpc", "name": "run", "instances": [{"attributes":
                      {"id": "vpc-1", "main_route_table_id": "rtb-1", "owner_id": "42", "member": "serviceAccount:a",
                       "tags_all": {"run": "train-x"}}}]},
                     {"mode": "data", "type": "aws_partition", "name": "run",
                      "instances": [{"attributes": {"id": "aws"}}]},
                     {"mode": "managed", "type": "aws_route", "name": "internet",
                      "instances": [{"index_key": 0, "attributes": \(route)}]}]}
                    """.utf8))
        }
        try state(#"{"id": "r-1", "route_table_id": "rtb-1"}"#).check(carries: ["train-x"])
        // Google's grant on the dataset's bucket: the account's name is too short for the run's.
        try state(#"{"bucket": "dataset", "member": "serviceAccount:a"}"#)
            .check(carries: ["train-x"])
        #expect(try state("{}").addresses == ["aws_vpc.run", "aws_route.internet[0]"])
        for other in [#"{"route_table_id": "rtb-2"}"#, #"{"owner_id": "42"}"#] {
            let failure = #expect(throws: Failure.self) {
                try state(other).check(carries: ["train-x"])
            }
            #expect(failure?.summary.contains("'aws_route.internet[0]'") == true)
        }
    }
}
