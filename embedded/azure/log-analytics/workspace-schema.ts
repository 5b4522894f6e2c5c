import type { KustoSchema } from '../kusto/parse-kusto.ts';

/** Columns of AZKVAuditLogs by type, as Microsoft lists them; the last two are omitted from results unless named. */
const auditColumns = {
  string: `
    AddressAuthorizationType Algorithm AppliedAssignmentId CallerIpAddress ClientInfo CorrelationId
    HsmPoolResourceId Id _IsBillable OperationName OperationVersion RequestUri _ResourceId ResultDescription
    ResultSignature ResultType SourceSystem SubnetId _SubscriptionId TenantId Tlsversion TrustedService Type
    _ItemId`,
  real: `
    _BilledSize`,
  dynamic: `
    CertificateIssuerProperties CertificatePolicyProperties CertificateProperties CertificateRequestProperties
    Identity KeyProperties NetworkAcls Nsp Properties SecretProperties Sku StorageAccountProperties
    StorageSasDefinitionProperties VaultProperties`,
  int: `
    DurationMs HttpStatusCode SoftDeleteRetentionInDays`,
  bool: `
    EnabledForDeployment EnabledForDiskEncryption EnabledForTemplateDeployment EnablePurgeProtection
    EnableRbacAuthorization EnableSoftDelete IsAccessPolicyMatch IsAddressAuthorized IsRbacAuthorized`,
  datetime: `
    TimeGenerated _TimeReceived`,
};

/**
 * Columns of AzureDiagnostics that Key Vault fills: the older table, empty in the embedded cloud, for queries over
 * both.
 */
const diagnosticsColumns = {
  string: `
    TenantId ResourceId Category ResourceGroup SubscriptionId ResourceProvider Resource ResourceType
    OperationName ResultType CorrelationId ResultDescription requestUri_s Level CallerIPAddress OperationVersion
    ResultSignature id_s clientInfo_s identity_claim_appid_g
    identity_claim_http_schemas_microsoft_com_identity_claims_objectidentifier_g
    identity_claim_http_schemas_xmlsoap_org_ws_2005_05_identity_claims_upn_s
    identity_claim_http_schemas_xmlsoap_org_ws_2005_05_identity_claims_name_s
    identity_claim_http_schemas_microsoft_com_identity_claims_scope_s
    identity_claim_http_schemas_microsoft_com_claims_authnmethodsreferences_s identity_claim_ipaddr_s
    userAgent_s subnetId_s clientIP_s properties_sku_Family_s properties_sku_Name_s properties_tenantId_g
    properties_networkAcls_bypass_s properties_networkAcls_defaultAction_s addedAccessPolicy_TenantId_g
    addedAccessPolicy_ObjectId_g addedAccessPolicy_Permissions_keys_s addedAccessPolicy_Permissions_secrets_s
    addedAccessPolicy_Permissions_certificates_s removedAccessPolicy_ObjectId_g
    removedAccessPolicy_Permissions_keys_s removedAccessPolicy_Permissions_secrets_s
    removedAccessPolicy_Permissions_certificates_s SourceSystem Type _ResourceId identity_claim_oid_g
    identity_claim_appidacr_s identity_claim_idtyp_s identity_claim_xms_az_nwperimid_s identity_claim_upn_s
    identity_claim_unique_name_s tlsVersion_s eventGridEventProperties_data_ObjectName_s _ItemId`,
  datetime: `
    TimeGenerated _TimeReceived`,
  long: `
    DurationMs`,
  real: `
    httpStatusCode_d clientPort_d properties_softDeleteRetentionInDays_d eventGridEventProperties_data_EXP_d`,
  bool: `
    isAccessPolicyMatch_b properties_enabledForDeployment_b properties_enabledForTemplateDeployment_b
    properties_enabledForDiskEncryption_b properties_enableRbacAuthorization_b
    secretProperties_attributes_enabled_b properties_enableSoftDelete_b properties_enablePurgeProtection_b`,
  dynamic: `
    AdditionalFields`,
};

/** The embedded workspace's tables. */
export const workspaceSchema: KustoSchema = {
  tables: [
    { name: 'AZKVAuditLogs', columns: toColumns(auditColumns) },
    { name: 'AzureDiagnostics', columns: toColumns(diagnosticsColumns) },
  ],
};

/** A workspace whose table lacks these columns, because no row has had them yet. */
export function schemaWithout(schema: KustoSchema, table: string, names: readonly string[]): KustoSchema {
  return {
    tables: schema.tables.map((one) =>
      one.name === table ? { ...one, columns: one.columns.filter(({ name }) => !names.includes(name)) } : one,
    ),
  };
}

/** Standard columns that a result has only when the query names them. */
export const unlistedColumns: readonly string[] = ['_ItemId', '_TimeReceived'];

function toColumns(byType: Readonly<Record<string, string>>): { readonly name: string; readonly type: string }[] {
  return Object.entries(byType).flatMap(([type, names]) =>
    names
      .trim()
      .split(/\s+/)
      .map((name) => ({ name, type })),
  );
}
