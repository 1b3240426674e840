import Shared
import TestSupport
import Testing

@testable import Launcher

@Suite struct TerraformErrorKindTests {
    /// What the stand-in providers print, which is what the real ones do.
    private func refusal(_ provider: String, _ fault: String) throws -> String {
        let path = BuiltProducts.repository + "/Tests/StandInProvider/standin/refusals.json"
        let all = try JSONDecoder().decode(
            [String: [String: String]].self, from: readFile(path))
        return try #require(all[provider]?[fault])
    }

    @Test(arguments: [
        ("google", "stockout", TerraformErrorKind.stockout),
        ("google", "stockout_at_once", .stockout),
        ("google", "quota", .quota),
        ("google", "forbidden", .forbidden),
        ("google", "api_disabled", .serviceDisabled),
        ("google", "bucket_taken", .nameTaken),
        ("google", "bucket_not_empty", .notEmpty),
        ("azurerm", "stockout", .stockout),
        ("azurerm", "quota", .quota),
        ("azurerm", "forbidden", .forbidden),
        ("azurerm", "role_on_its_way", .noRoleForStore),
        ("azurerm", "bucket_taken", .nameTaken),
        ("google", "stockout_with_advice", .stockout),
        ("google", "quota_of_disks", .quota),
        ("google", "quota_of_region", .quota),
        ("google", "policy_address", .policy),
        ("google", "policy_shielded", .policy),
        ("google", "identity_on_its_way", .notVisibleYet),
        ("azurerm", "allocation", .stockout),
        ("azurerm", "region_closed", .regionClosed),
        ("azurerm", "policy", .policy),
        ("aws", "stockout", .stockout),
        ("aws", "not_in_zone", .stockout),
        ("aws", "quota", .quota),
        ("aws", "free_plan", .newAccount),
        ("aws", "being_verified", .newAccount),
        ("aws", "not_signed_up", .newAccount),
        ("aws", "policy", .policy),
        ("aws", "too_many_networks", .count),
        ("aws", "policy_role", .policy), ("aws", "no_role_to_make", .forbidden),
        ("azurerm", "no_role_to_give", .forbidden),
    ])
    func `a provider's refusal is recognised`(
        provider: String, fault: String, expected: TerraformErrorKind
    ) throws {
        #expect(TerraformErrorKind(of: try refusal(provider, fault)) == expected)
    }

    /// Each leads to a way on of its own, not to that of its kind.
    @Test(arguments: [
        ("google", "quota_of_disks", "--disk_size_gb"), ("google", "quota", "free trial"),
        ("google", "policy_shielded", "--image"), ("google", "policy_address", "--no_public_ip"),
        ("aws", "policy_role", "--identity"), ("aws", "no_role_to_make", "--identity"),
        ("aws", "policy", "administrator"), ("azurerm", "no_role_to_give", "--identity"),
        ("azurerm", "policy", "--no_public_ip"), ("azurerm", "forbidden", "train doctor"),
        ("aws", "free_plan", "paid plan"), ("aws", "being_verified", "try again later"),
        ("aws", "not_signed_up", "sign-up"), ("azurerm", "region_closed", "--regions"),
    ])
    func `what helps is said`(provider: String, fault: String, words: String) throws {
        let text = try refusal(provider, fault)
        let failure = TerraformErrorKind(of: text).failure(words: text, address: nil)
        #expect(failure.hint?.contains(words) == true, "\(failure)")
    }

    @Test(arguments: [
        ("google", "policy_address", "compute.vmExternalIpAccess"),
        ("azurerm", "policy", "Deny public addresses"),
        ("aws", "policy", "service control policy"),
    ])
    func `an organisation's policy is named`(
        provider: String, fault: String, name: String
    ) throws {
        let text = try refusal(provider, fault).replacing("{{", with: "{")
        let failure = TerraformErrorKind(of: text).failure(words: text, address: nil)
        #expect(failure.summary.contains("policy"))
        #expect(failure.summary.contains(name), "\(failure)")
    }

    @Test func `a refusal without a source cannot be added`() throws {
        let path = BuiltProducts.repository + "/Tests/StandInProvider/standin/refusals.json"
        let all = try JSONDecoder().decode(
            [String: [String: String]].self, from: readFile(path))
        let known: Set = [
            "stockout", "stockout_at_once", "quota", "forbidden", "api_disabled", "bucket_taken",
            "bucket_not_empty", "allocation", "role_on_its_way", "keys_are_off", "quota_of_region",
        ]
        for (provider, texts) in all where provider != "sources" {
            for fault in texts.keys where provider == "aws" || !known.contains(fault) {
                #expect(all["sources"]?["\(provider).\(fault)"] != nil, "\(provider).\(fault)")
            }
        }
    }

    @Test(arguments: [
        ("gcp", "google", "stockout_with_advice", ["us-central1-f", "us-central1-c"]),
        ("gcp", "google", "stockout", []),
        ("aws", "aws", "stockout", ["us-east-1b", "us-east-1d", "us-east-1f"]),
        ("aws", "aws", "not_in_zone", ["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d"]),
    ])
    func `the zones that a cloud advises are read`(
        cloud: String, provider: String, fault: String, zones: [String]
    ) throws {
        let cloud = try #require(CloudRegistry.providers.first { $0.name == cloud })
        #expect(cloud.zonesNamed(in: try refusal(provider, fault)) == zones)
    }

    @Test func `a service that is not enabled is named`() throws {
        let text = try refusal("google", "api_disabled")
        let failure = TerraformErrorKind(of: text).failure(words: text, address: nil)
        #expect(failure.summary == "Compute Engine API is not enabled in the project")
    }

    /// Messages of the AWS provider and of expired logins, from their documentation.
    @Test(arguments: [
        (
            "creating EC2 Instance: api error InsufficientInstanceCapacity: We currently do not have",
            TerraformErrorKind.stockout
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
        text: String, expected: TerraformErrorKind
    ) {
        #expect(TerraformErrorKind(of: text) == expected)
    }

    /// Texts that people met, from the trackers of Terraform's providers and of what uses them.
    @Test(
        arguments: [
            // terraform-provider-aws #17543
            ("api error MaxSpotInstanceCountExceeded: Max spot instance count exceeded", .quota),
            // terraform-aws-vpc #429
            ("VpcLimitExceeded: The maximum number of VPCs has been reached.", .count),
            (
                "api error InternetGatewayLimitExceeded: The maximum number of internet gateways has "
                    + "been reached.", .count
            ),
            (
                "creating IAM Role (x): operation error IAM: CreateRole, api error LimitExceeded: "
                    + "Cannot exceed quota for RolesPerAccount: 1000", .count
            ),
            // terraform-provider-google #15074
            (
                "Error waiting to create Network: Error waiting for Creating Network: Quota 'NETWORKS' "
                    + "exceeded.  Limit: 5.0 globally.", .count
            ),
            (
                "Error creating service account: googleapi: Error 429: Maximum number of service "
                    + "accounts on project reached., rateLimitExceeded", .count
            ),
            ("Quota 'NVIDIA_L4_GPUS' exceeded.  Limit: 1.0 in region us-central1.", .quota),
            // terratest #1132
            (
                "Error creating instance: googleapi: Error 400: Invalid value for field "
                    + "'resource.machineType': 'zones/europe-west8-a/machineTypes/f1-micro'. Machine "
                    + "type with name 'f1-micro' does not exist in zone 'europe-west8-a'., invalid",
                .stockout
            ),
            // terraform-provider-google #5860
            (
                "googleapi: Error 404: The resource 'projects/p/zones/us-central1-f/acceleratorTypes/"
                    + "nvidia-tesla-k80' was not found, notFound", .stockout
            ),
            (
                "Error loading machine type 'a2-highgpu-1g': googleapi: Error 404: The resource "
                    + "'projects/p/zones/us-east4-a/machineTypes/a2-highgpu-1g' was not found, notFound",
                .stockout
            ),
            // An image that is nowhere is not cured by another zone.
            (
                "googleapi: Error 404: The resource 'projects/p/global/images/none' was not found",
                .other
            ),
            // jenkins-infra/azure #1416
            (
                "polling after CreateOrUpdate: polling failed: the Azure API returned the following "
                    + "error:\n\nStatus: \"OverconstrainedZonalAllocationRequest\"\nCode: \"\"\nMessage: "
                    + "\"Allocation failed. VM(s) with the following constraints cannot be allocated, "
                    + "because the condition is too restrictive.", .stockout
            ),
            // aks-store-demo #115
            (
                "Code=\"OverconstrainedAllocationRequest\" Message=\"Allocation failed. VM(s) with the "
                    + "following constraints cannot be allocated", .stockout
            ),
            (
                "Code=\"ZonalAllocationFailed\" Message=\"Allocation failed. We do not have sufficient "
                    + "capacity for the requested VM size in this zone.", .stockout
            ),
            (
                "Code=\"AllocationFailed\" Message=\"Allocation failed. We do not have sufficient "
                    + "capacity for the requested VM size in this region.", .stockout
            ),
            (
                "Code=\"SkuNotAvailable\" Message=\"The requested size for resource is currently not "
                    + "available in location 'eastus' zones '1' for subscription", .stockout
            ),
            (
                "Code=\"PublicIPCountLimitReached\" Message=\"Cannot create more than 10 public IP "
                    + "addresses for this subscription in this region.\"", .count
            ),
            (
                "OperationNotAllowed: Operation could not be completed as it results in exceeding "
                    + "approved LowPriorityCores quota.", .quota
            ),
            (
                "api error AuthFailure.ServiceLinkedRoleCreationNotPermitted: The provided credentials "
                    + "do not have permission to create the service-linked role for EC2 Spot Instances.",
                .forbidden
            ),
            // Too many questions at once are no quota on machines.
            ("api error RequestLimitExceeded: Request limit exceeded.", .other),
        ] as [(String, TerraformErrorKind)])
    func `what the clouds really say leads to its own remedy`(
        text: String, expected: TerraformErrorKind
    ) {
        #expect(TerraformErrorKind(of: text) == expected)
    }

    @Test func `who has no login is sent to the one that Terraform reads`() {
        let text = "google: could not find default credentials."
        let failure = TerraformErrorKind(of: text).failure(words: text, address: nil)
        #expect(failure.hint?.contains("gcloud auth application-default login") == true)
    }

    @Test func `too many networks are no reason for a smaller machine`() {
        let hint = TerraformErrorKind.count.failure(words: "x", address: nil).hint
        #expect(hint?.contains("--machine_type") == false)
        #expect(hint?.contains("nothing uses any more") == true)
    }

    @Test func `what is unknown is shown in Terraform's own words, without control characters`() {
        let failure = TerraformErrorKind.other.failure(
            words: "Error: strange\u{1b}[31m thing\nfirst\nsecond", address: "google_x.run")
        #expect(failure.summary == "Terraform failed (google_x.run): Error: strange[31m thing")
        #expect(failure.detail == "first\nsecond")
    }

    @Test func `each known kind says what to do`() {
        let all: [TerraformErrorKind] = [
            .stockout, .regionClosed, .quota, .count, .policy, .newAccount, .serviceDisabled,
            .credentials, .forbidden, .noRoleForStore, .notVisibleYet, .nameTaken,
        ]
        for kind in all {
            #expect(kind.failure(words: "x", address: nil).hint != nil, "\(kind)")
        }
    }
}
