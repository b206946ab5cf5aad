"""Custom resource definitions as etcd has them, v1beta1 to this day, in the version that the API takes: v1.

Source: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1/conversion.go. What stands once for all versions
there stands with each version in v1.
"""

from kproxy.model.jsontypes import JSON, JSONObject, text

GROUP = "apiextensions.k8s.io"
_ONCE = ("validation", "subresources", "additionalPrinterColumns", "version")


def as_v1(document: JSONObject) -> JSONObject:
    """A definition in v1; what is none of v1beta1 stays as it is."""
    spec = document.get("spec")
    if document.get("apiVersion") != f"{GROUP}/v1beta1" or not isinstance(spec, dict):
        return document
    versions = spec.get("versions")
    listed = versions if isinstance(versions, list) and versions else [_only(spec)]
    made: JSONObject = {name: value for name, value in spec.items() if name not in _ONCE}
    if made.get("preserveUnknownFields") is False:
        del made["preserveUnknownFields"]  # v1 leaves it out
    made["versions"] = [_version(each, spec) if isinstance(each, dict) else each for each in listed]
    conversion = spec.get("conversion")
    if isinstance(conversion, dict):
        made["conversion"] = _conversion(conversion)
    return {**document, "apiVersion": f"{GROUP}/v1", "spec": made}


def _only(spec: JSONObject) -> JSON:
    return {"name": text(spec.get("version")), "served": True, "storage": True}


def _version(version: JSONObject, spec: JSONObject) -> JSONObject:
    made = dict(version)
    schema = made.get("schema") or spec.get("validation")
    if schema:
        made["schema"] = schema
    subresources = made.get("subresources") or spec.get("subresources")
    if subresources:
        made["subresources"] = subresources
    columns = made.get("additionalPrinterColumns") or spec.get("additionalPrinterColumns")
    if isinstance(columns, list):
        made["additionalPrinterColumns"] = [_column(each) if isinstance(each, dict) else each for each in columns]
    return made


def _column(column: JSONObject) -> JSONObject:
    return {"jsonPath" if name == "JSONPath" else name: value for name, value in column.items()}


def _conversion(conversion: JSONObject) -> JSONObject:
    made: JSONObject = {"strategy": conversion.get("strategy")}
    config = conversion.get("webhookClientConfig")
    if config is None:
        return made
    made["webhook"] = {
        "clientConfig": config,
        "conversionReviewVersions": conversion.get("conversionReviewVersions"),
    }
    return made
