import Shared
import TestSupport
import Testing

@testable import Launcher

@Suite struct TerraformTroubleTests {
    /// What the stand-in providers print, which is what the real ones do.
    private func refusal(_ provider: String, _ fault: String) throws -> String {
        let path = BuiltProducts.repository + "/Tests/TestCloud/terraform/standin/refusals.json"
        let all = try JSONDecoder().decode(
            [String: [String: String]].self, from: readFile(path))
        return try #require(all[provider]?[fault])
    }

    @Test(arguments: [
        ("google", "stockout", TerraformTrouble.stockout),
        ("google", "stockout_at_once", .stockout),
        ("google", "quota", .quota),
        ("google", "forbidden", .forbidden),
        ("google", "api_disabled", .serviceDisabled("Compute Engine API")),
        ("google", "bucket_taken", .nameTaken),
        ("google", "bucket_not_empty", .notEmpty),
        ("azurerm", "stockout", .stockout),
        ("azurerm", "quota", .quota),
        ("azurerm", "forbidden", .forbidden),
        ("azurerm", "bucket_taken", .nameTaken),
    ])
    func `a provider's refusal is recognised`(
        provider: String, fault: String, expected: TerraformTrouble
    ) throws {
        let trouble = TerraformTrouble(of: try refusal(provider, fault))
        switch (trouble, expected) {
        case (.serviceDisabled(let name), .serviceDisabled(let wanted)):
            #expect(name?.hasSuffix(wanted ?? "") == true)
        default: #expect(trouble == expected)
        }
    }

    /// Messages of the AWS provider and of expired logins, from their documentation.
    @Test(arguments: [
        (
            "creating EC2 Instance: api error InsufficientInstanceCapacity: We currently do not have",
            TerraformTrouble.stockout
        ),
        (
            "api error Unsupported: Your requested instance type (g5.xlarge) is not supported in "
                + "your requested Availability Zone (us-east-1e)", .stockout
        ),
        ("api error VcpuLimitExceeded: You have requested more vCPU capacity", .quota),
        ("api error UnauthorizedOperation: You are not authorized to perform", .forbidden),
        ("api error BucketAlreadyExists: The requested bucket name", .nameTaken),
        (
            "api error ExpiredToken: The security token included in the request is expired",
            .credentials
        ),
        ("Error: No valid credential sources found", .credentials),
        ("oauth2: \"invalid_grant\" \"Invalid JWT Signature.\"", .credentials),
        ("Error: Unsupported argument", .other),
    ])
    func `what other clouds and expired keys say is recognised`(
        text: String, expected: TerraformTrouble
    ) {
        #expect(TerraformTrouble(of: text) == expected)
    }

    @Test func `what is unknown is shown in Terraform's own words, without control characters`() {
        let failure = TerraformTrouble.other.failure(
            words: "Error: strange\u{1b}[31m thing\nfirst\nsecond", address: "google_x.run")
        #expect(failure.summary == "Terraform failed (google_x.run): Error: strange[31m thing")
        #expect(failure.detail == "first\nsecond")
    }

    @Test func `each known trouble says what to do`() {
        let all: [TerraformTrouble] = [
            .stockout, .quota, .serviceDisabled(nil), .credentials, .forbidden, .nameTaken,
        ]
        for trouble in all {
            #expect(trouble.failure(words: "x", address: nil).hint != nil, "\(trouble)")
        }
    }
}
