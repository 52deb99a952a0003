/** What OCI's refusals of a launch mean, by their code, operation and sentence, and what stands around them. */
import assert from "node:assert/strict";
import type { CloudFailureClass } from "../../runtime/model/errors";
import { notFound, ociError, workError } from "./oci-api";
import { vmProviderOf } from "./registered";

const { classify } = vmProviderOf("oci");

/** Oracle's "API Errors", of all services. */
const codes: Readonly<Record<CloudFailureClass, readonly string[]>> = {
  CAPACITY: ["500-OutOfHostCapacity"],
  QUOTA: ["400-LimitExceeded", "400-QuotaExceeded", "429-LimitExceeded"],
  CONFIG: [
    ...["400-CannotParseRequest", "400-InvalidParameter", "400-MissingParameter", "401-NotAuthenticated"],
    ...["400-RelatedResourceNotAuthorizedOrNotFound", "404-RelatedResourceNotAuthorizedOrNotFound"],
    ...["402-SignUpRequired", "403-NotAllowed", "403-NotAuthorized", "404-InvalidParameter", "404-NotFound"],
    ...["404-NamespaceNotFound", "404-NotAuthorizedOrNotFound", "405-MethodNotAllowed", "409-Conflict"],
    ...[
      "409-InvalidatedRetryToken",
      "413-RequestEntityTooLarge",
      "422-UnprocessableEntity",
      "501-MethodNotImplemented",
    ],
  ],
  TRANSIENT: [
    ...["409-IncorrectState", "409-ExternalServerIncorrectState", "412-NoEtagMatch", "429-TooManyRequests"],
    ...[
      "500-InternalServerError",
      "500-InternalError",
      "500-UnknownException",
      "502-BadGateway",
      "503-ServiceUnavailable",
    ],
    "504-GatewayTimeout",
  ],
};

const prose = ["some prose", "quota, limit and time-out", "it says 400-InvalidParameter inside"];

describe("codes of OCI", () => {
  for (const [failureClass, list] of Object.entries(codes)) {
    for (const code of list) {
      it(`${code} is ${failureClass}, whatever is said beside it`, () => {
        for (const beside of prose) assert.equal(classify(ociError(code, beside)), failureClass, beside);
      });
    }
  }

  it("500 is no trouble that passes when it means that a place is full, in new texts and old", () => {
    const shape =
      "Out of capacity for shape VM.Standard.A1.Flex in availability domain AD-1. Create the instance in a different availability domain or try again later.";
    for (const said of ["Out of host capacity.", shape]) {
      assert.equal(classify(ociError("500-InternalError", said)), "CAPACITY", said);
      assert.equal(classify(workError(said)), "CAPACITY", said);
      const old = `1 error occurred:\n\t* 500-InternalError \nProvider version: 4.62.0, released on 2022-02-03. \nService: Core Instance \nError Message: ${said} \nOPC request ID: d2aa \nSuggestion: none\n`;
      assert.equal(classify(old), "CAPACITY", said);
    }
    assert.equal(classify(ociError("400-InvalidParameter", "name: Out of host capacity")), "CONFIG");
  });

  it("404 of a launch is the template's or the rights' fault; asked of a VM that was just launched it passes", () => {
    assert.equal(classify(ociError("404-NotAuthorizedOrNotFound", notFound)), "CONFIG");
    for (const operation of [
      "GetInstance",
      "GetWorkRequest",
      "ListVnicAttachments",
      "GetVnic",
      "ListWorkRequestErrors",
    ]) {
      assert.equal(classify(ociError("404-NotAuthorizedOrNotFound", notFound, { operation })), "TRANSIENT", operation);
    }
  });

  it("are not there when a launch was accepted and its work failed, or the network did", () => {
    assert.equal(classify(workError("The service limit was exceeded")), "QUOTA");
    assert.equal(classify(workError("something new")), "TRANSIENT");
    const ended =
      "1 error occurred:\n\t* During creation, Terraform expected the resource to reach state(s): RUNNING, but the service reported unexpected state: TERMINATED.\n\n";
    assert.equal(classify(ended), "TRANSIENT");
    assert.equal(
      classify("Post https://iaas.us-ashburn-1.oraclecloud.com/: dial tcp 1.2.3.4:443: i/o timeout"),
      "TRANSIENT",
    );
    assert.equal(
      classify("can not create client, bad configuration: did not find a proper configuration for user"),
      "CONFIG",
    );
  });

  it("are not taken from names and other numbers in a text", () => {
    for (const text of [
      'image "400-Images, all" is looked up',
      "429 requests",
      "Out of host capacity",
      "500 GB of disk",
    ]) {
      assert.equal(classify(text), undefined, text);
    }
  });
});
