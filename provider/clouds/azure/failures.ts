/**
 * What a refusal of Azure means, by the codes in its text. Azure wraps one refusal in another, so the innermost code that is
 * known counts; a code that means several things is read with the sentence beside it.
 */
import { networkTroubles, type FailureCodes } from "../../frame/failures";

export const azureFailures: FailureCodes = {
  // Of the plugin, `Status=409 Code="X"` or `RESPONSE 409: ... ERROR CODE: X`, and of the body in it, also where it is quoted.
  place: /(?:\bStatus=|\bRESPONSE |\bCode=\\*"|\bERROR CODE: |\\*"code\\*"\s*:\s*\\*")([a-z0-9][\w.]*)/,
  codes: {
    CAPACITY: [
      ...["SkuNotAvailable", "*AllocationFailed", "*AllocationFailure", "Overconstrained*AllocationRequest"],
      ...["NotAvailableForSubscription", "*CapacityNotAvailable", "*InsufficientCapacity*", "AllocationTimeout"],
      ...["SpotVMEvicted", "OperationPreempted"],
    ],
    QUOTA: [
      ...["*QuotaExceeded", "*LimitReached", "*LimitExceeded", "SubnetIsFull", "*CountExceeded", "InsufficientQuota"],
      ...["ResourceCountExceedsLimit*", "NotEnoughCores", "*CountPerSubscriptionExceeded"],
    ],
    CONFIG: [
      ...["BadRequest", "Invalid*", "*NotFound", "*NotRegistered", "NoRegisteredProviderFound", "*NotSupported*"],
      ...["Missing*", "AuthorizationFailed", "LinkedAuthorizationFailed", "LinkedInvalidPropertyId", "Authentication*"],
      ...["ExpiredAuthenticationToken*", "Forbidden", "Unauthorized", "RequestDisallowedBy*", "ScopeLocked"],
      ...["VMMarketplaceInvalidInput", "ResourcePurchase*", "MarketplacePurchase*", "*SubscriptionDisabled"],
      ...[
        "ReadOnlyDisabledSubscription",
        "ResourceGroupBeingDeleted",
        "ConflictingUserInput",
        "PropertyChangeNotAllowed",
      ],
      ...["ComputeResourceZoneConstraint*", "Zones*NotAllowed*", "ZonesNotAllowed*", "LocationNotSupport*"],
      ...["StandardSkuPublicIPAddressesMustBeStatic", "*MustBeStatic", "*NotAllowed*WithNatGateway*", "NatGateway*"],
      ...["VMExtension*", "OSProvisioningClientError", "*NotInSame*", "ParameterNotAllowed", "*ValidationFailed"],
      ...["SkuNotSupported*", "ImageNotAccessible*", "*AlreadyExists", "DiskEncryption*", "KeyVault*"],
    ],
    TRANSIENT: [
      ...[
        "429",
        "408",
        "5*",
        "Retryable*",
        "*Throttled",
        "*Throttling*",
        "TooManyRequests",
        "AnotherOperationInProgress",
      ],
      ...["ReferencedResourceNotProvisioned", "NicReservedForAnotherVm", "*InternalError", "InternalServerError"],
      ...["*InternalOperationError", "InternalExecutionError", "InternalDiskManagementError", "ServerTimeout"],
      ...[
        "GatewayTimeout",
        "*ServiceUnavailable",
        "ServerBusy",
        "*TimedOut",
        "OSProvisioningInternalError",
        "NoAnswer",
      ],
      ...["OperationCanceled", "Canceled", "StorageAccountBusy", "DiskProcessingError"],
    ],
  },
  sentences: {
    // `OperationNotAllowed` says that the cores are used up, and much else; none of it passes by itself.
    QUOTA: [/\bOperationNotAllowed\b[\s\S]{0,600}\bexceeding (?:the )?approved\b[\s\S]{0,60}\bquota\b/i],
    TRANSIENT: [
      ...networkTroubles,
      /\bNicReservedForAnotherVm\b/,
      // The engine's own limit for a create: what became of the VM nobody knows yet.
      /: context deadline exceeded\b/,
    ],
    CONFIG: [
      /\bOperationNotAllowed\b/,
      /\bcannot create already existing resource\b/,
      // Of the directory, which refuses the credentials themselves.
      /\bAADSTS\d{5,7}\b/,
      /\b(?:DefaultAzureCredential|ClientSecretCredential|ManagedIdentityCredential)\b[^\n]*\b(?:authentication|failed|failed to acquire a token)\b/,
      /\b(?:Status=|RESPONSE )4\d\d\b/,
    ],
  },
};
