/**
 * Services that have service-linked roles: what their roles are called, and which of AWS's policies they
 * carry.
 *
 * @evidence the "Using service-linked roles" page of each service's guide; which take a suffix: IAM User
 * Guide,
 *   AWS services that work with IAM, and recorded answers of CreateServiceLinkedRole
 */

export interface LinkedService {
  /** What follows `AWSServiceRoleFor`. */
  readonly role: string;
  /** The name of AWS's managed policy. */
  readonly policy: string;
  readonly suffixAllowed?: boolean;
}

const scaling = (target: string, policy: string): [string, LinkedService] => [
  `${target}.application-autoscaling.amazonaws.com`,
  { role: `ApplicationAutoScaling_${policy}`, policy: `AWSApplicationAutoscaling${policy}Policy` },
];

export const linkedServices: ReadonlyMap<string, LinkedService> = new Map<string, LinkedService>([
  ["access-analyzer.amazonaws.com", { role: "AccessAnalyzer", policy: "AccessAnalyzerServiceRolePolicy" }],
  ["acm.amazonaws.com", { role: "CertificateManager", policy: "CertificateManagerServiceRolePolicy" }],
  ["apprunner.amazonaws.com", { role: "AppRunner", policy: "AppRunnerServiceRolePolicy" }],
  ["appsync.amazonaws.com", { role: "AppSync", policy: "AWSAppSyncServiceRolePolicy" }],
  ["autoscaling.amazonaws.com", {
    role: "AutoScaling", policy: "AutoScalingServiceRolePolicy", suffixAllowed: true,
  }],
  ["autoscaling-plans.amazonaws.com", {
    role: "AutoScalingPlans_EC2AutoScaling", policy: "AWSAutoScalingPlansEC2AutoScalingPolicy",
  }],
  ["backup.amazonaws.com", { role: "Backup", policy: "AWSBackupServiceLinkedRolePolicyForBackup" }],
  ["batch.amazonaws.com", { role: "Batch", policy: "BatchServiceRolePolicy" }],
  ["cks.kms.amazonaws.com", {
    role: "KeyManagementServiceCustomKeyStores",
      policy: "AWSKeyManagementServiceCustomKeyStoresServiceRolePolicy",
  }],
  ["cloud9.amazonaws.com", { role: "AWSCloud9", policy: "AWSCloud9ServiceRolePolicy" }],
  ["cloudhsm.amazonaws.com", { role: "CloudHSM", policy: "CloudHSMServiceRolePolicy" }],
  ["cloudtrail.amazonaws.com", { role: "CloudTrail", policy: "CloudTrailServiceRolePolicy" }],
  ["codeguru-reviewer.amazonaws.com", {
    role: "AmazonCodeGuruReviewer", policy: "AmazonCodeGuruReviewerServiceRolePolicy",
  }],
  ["codestar-notifications.amazonaws.com", {
    role: "CodeStarNotifications", policy: "AWSCodeStarNotificationsServiceRolePolicy",
  }],
  ["compute-optimizer.amazonaws.com",
    { role: "ComputeOptimizer", policy: "ComputeOptimizerServiceRolePolicy" }],
  ["config.amazonaws.com", { role: "Config", policy: "AWSConfigServiceRolePolicy" }],
  ["config-conforms.amazonaws.com", { role: "ConfigConforms", policy: "ConfigConformsServiceRolePolicy" }],
  ["connect.amazonaws.com", {
    role: "AmazonConnect", policy: "AmazonConnectServiceLinkedRolePolicy", suffixAllowed: true,
  }],
  ["datasync.amazonaws.com", { role: "DataSync", policy: "AWSDataSyncServiceRolePolicy" }],
  ["dax.amazonaws.com", { role: "DAX", policy: "DAXServiceRolePolicy" }],
  ["directconnect.amazonaws.com", { role: "DirectConnect", policy: "AWSDirectConnectServiceRolePolicy" }],
  ["dms.amazonaws.com", { role: "DMSServerless", policy: "AWSDMSServerlessServiceRolePolicy" }],
  ["kinesisreplication.dynamodb.amazonaws.com", {
    role: "DynamoDBKinesisDataStreamsReplication", policy: "DynamoDBKinesisReplicationServiceRolePolicy",
  }],
  ["transitgateway.amazonaws.com",
    { role: "VPCTransitGateway", policy: "AWSVPCTransitGatewayServiceRolePolicy" }],
  ["ec2fleet.amazonaws.com", { role: "EC2Fleet", policy: "AWSEC2FleetServiceRolePolicy" }],
  ["ecs.amazonaws.com", { role: "ECS", policy: "AmazonECSServiceRolePolicy" }],
  ["custom-resource.application-autoscaling.amazonaws.com", {
    role: "ApplicationAutoScaling_CustomResource", policy: "AWSApplicationAutoScalingCustomResourcePolicy",
  }],
  ["eks.amazonaws.com", { role: "AmazonEKS", policy: "AmazonEKSServiceRolePolicy" }],
  ["eks-fargate.amazonaws.com", {
    role: "AmazonEKSForFargate", policy: "AmazonEKSForFargateServiceRolePolicy",
  }],
  ["eks-nodegroup.amazonaws.com", {
    role: "AmazonEKSNodegroup", policy: "AWSServiceRoleForAmazonEKSNodegroup",
  }],
  ["elasticache.amazonaws.com", { role: "ElastiCache", policy: "ElastiCacheServiceRolePolicy" }],
  ["elasticbeanstalk.amazonaws.com", {
    role: "ElasticBeanstalk", policy: "AWSElasticBeanstalkServiceRolePolicy",
  }],
  ["elasticfilesystem.amazonaws.com", {
    role: "AmazonElasticFileSystem", policy: "AmazonElasticFileSystemServiceRolePolicy",
  }],
  ["elasticloadbalancing.amazonaws.com", {
    role: "ElasticLoadBalancing", policy: "AWSElasticLoadBalancingServiceRolePolicy",
  }],
  ["delivery.logs.amazonaws.com", { role: "LogDelivery", policy: "AWSServiceRoleForLogDeliveryPolicy" }],
  ["elasticmapreduce.amazonaws.com", { role: "EMRCleanup", policy: "AmazonEMRCleanupPolicy" }],
  ["email.cognito-idp.amazonaws.com", {
    role: "AmazonCognitoIdpEmailService", policy: "AmazonCognitoIdpEmailServiceRolePolicy",
  }],
  ["cognito-idp.amazonaws.com", { role: "AmazonCognitoIdp", policy: "AmazonCognitoIdpServiceRolePolicy" }],
  ["emr-containers.amazonaws.com", {
    role: "AmazonEMRContainers", policy: "AmazonEMRContainersServiceRolePolicy",
  }],
  ["es.amazonaws.com", {
    role: "AmazonElasticsearchService", policy: "AmazonElasticsearchServiceRolePolicy",
  }],
  ["events.amazonaws.com", { role: "CloudWatchEvents", policy: "CloudWatchEventsServiceRolePolicy" }],
  ["apidestinations.events.amazonaws.com", {
    role: "AmazonEventBridgeApiDestinations", policy: "AmazonEventBridgeApiDestinationsServiceRolePolicy",
  }],
  ["evidently.amazonaws.com", {
    role: "CloudWatchEvidently", policy: "AmazonCloudWatchEvidentlyServiceRolePolicy",
  }],
  ["fms.amazonaws.com", { role: "FMS", policy: "FMSServiceRolePolicy" }],
  ["fsx.amazonaws.com", { role: "AmazonFSx", policy: "AmazonFSxServiceRolePolicy" }],
  ["globalaccelerator.amazonaws.com", { role: "GlobalAccelerator", policy: "AWSGlobalAcceleratorSLRPolicy" }],
  ["guardduty.amazonaws.com", { role: "AmazonGuardDuty", policy: "AmazonGuardDutyServiceRolePolicy" }],
  ["imagebuilder.amazonaws.com", { role: "ImageBuilder", policy: "AWSServiceRoleForImageBuilder" }],
  ["inspector.amazonaws.com", { role: "AmazonInspector", policy: "AmazonInspectorServiceRolePolicy" }],
  ["inspector2.amazonaws.com", { role: "AmazonInspector2", policy: "AmazonInspector2ServiceRolePolicy" }],
  ["kafka.amazonaws.com", { role: "Kafka", policy: "KafkaServiceRolePolicy" }],
  ["lakeformation.amazonaws.com", {
    role: "LakeFormationDataAccess", policy: "LakeFormationDataAccessServiceRolePolicy",
  }],
  ["lexv2.amazonaws.com", { role: "LexV2Bots", policy: "AmazonLexV2BotPolicy", suffixAllowed: true }],
  ["logger.cloudfront.amazonaws.com", { role: "CloudFrontLogger", policy: "AWSCloudFrontLogger" }],
  ["macie.amazonaws.com", { role: "AmazonMacie", policy: "AmazonMacieServiceRolePolicy" }],
  ["memorydb.amazonaws.com", { role: "MemoryDB", policy: "MemoryDBServiceRolePolicy" }],
  ["mq.amazonaws.com", { role: "AmazonMQ", policy: "AmazonMQServiceRolePolicy" }],
  ["mrk.kms.amazonaws.com", {
    role: "KeyManagementServiceMultiRegionKeys",
      policy: "AWSKeyManagementServiceMultiRegionKeysServiceRolePolicy",
  }],
  ["network-firewall.amazonaws.com",
    { role: "NetworkFirewall", policy: "AWSNetworkFirewallServiceRolePolicy" }],
  ["observability.aoss.amazonaws.com", {
    role: "AmazonOpenSearchServerless", policy: "AmazonOpenSearchServerlessServiceRolePolicy",
  }],
  ["opensearchservice.amazonaws.com", {
    role: "AmazonOpenSearchService", policy: "AmazonOpenSearchServiceRolePolicy",
  }],
  ["ops.apigateway.amazonaws.com", { role: "APIGateway", policy: "APIGatewayServiceRolePolicy" }],
  ["organizations.amazonaws.com", { role: "Organizations", policy: "AWSOrganizationsServiceTrustPolicy" }],
  ["ram.amazonaws.com", {
    role: "ResourceAccessManager", policy: "AWSResourceAccessManagerServiceRolePolicy",
  }],
  ["rds.amazonaws.com", { role: "RDS", policy: "AmazonRDSServiceRolePolicy" }],
  ["redshift.amazonaws.com", { role: "Redshift", policy: "AmazonRedshiftServiceLinkedRolePolicy" }],
  ["replication.cassandra.amazonaws.com", {
    role: "AmazonKeyspacesReplication", policy: "KeyspacesReplicationServiceRolePolicy",
  }],
  ["replication.dynamodb.amazonaws.com", {
    role: "DynamoDBReplication", policy: "DynamoDBReplicationServiceRolePolicy",
  }],
  ["replication.ecr.amazonaws.com", { role: "ECRReplication", policy: "ECRReplicationServiceRolePolicy" }],
  ["replicator.lambda.amazonaws.com", { role: "LambdaReplicator", policy: "AWSLambdaReplicator" }],
  ["route53resolver.amazonaws.com", {
    role: "Route53Resolver", policy: "Route53ResolverServiceRolePolicy", suffixAllowed: true,
  }],
  ["securityhub.amazonaws.com", { role: "SecurityHub", policy: "AWSSecurityHubServiceRolePolicy" }],
  ["servicequotas.amazonaws.com", { role: "ServiceQuotas", policy: "ServiceQuotasServiceRolePolicy" }],
  ["ses.amazonaws.com", { role: "AmazonSES", policy: "AmazonSESServiceRolePolicy" }],
  ["shield.amazonaws.com", { role: "AWSShield", policy: "AWSShieldServiceRolePolicy" }],
  ["spot.amazonaws.com", { role: "EC2Spot", policy: "AWSEC2SpotServiceRolePolicy" }],
  ["spotfleet.amazonaws.com", { role: "EC2SpotFleet", policy: "AWSEC2SpotFleetServiceRolePolicy" }],
  ["ssm.amazonaws.com", { role: "AmazonSSM", policy: "AmazonSSMServiceRolePolicy" }],
  ["sso.amazonaws.com", { role: "SSO", policy: "AWSSSOServiceRolePolicy" }],
  ["support.amazonaws.com", { role: "Support", policy: "AWSSupportServiceRolePolicy" }],
  ["trustedadvisor.amazonaws.com", { role: "TrustedAdvisor", policy: "AWSTrustedAdvisorServiceRolePolicy" }],
  ["vpc-lattice.amazonaws.com", { role: "VpcLattice", policy: "AWSVpcLatticeServiceRolePolicy" }],
  ["waf.amazonaws.com", { role: "WAFLogging", policy: "WAFLoggingServiceRolePolicy" }],
  ["waf-regional.amazonaws.com",
    { role: "WAFRegionalLogging", policy: "WAFRegionalLoggingServiceRolePolicy" }],
  ["wafv2.amazonaws.com", { role: "WAFV2Logging", policy: "WAFV2LoggingServiceRolePolicy" }],
  scaling("appstream", "AppStreamFleet"),
  scaling("cassandra", "CassandraTable"),
  scaling("comprehend", "ComprehendEndpoint"),
  scaling("dynamodb", "DynamoDBTable"),
  scaling("ec2", "EC2SpotFleetRequest"),
  scaling("ecs", "ECSService"),
  scaling("elasticache", "ElastiCacheRG"),
  scaling("elasticmapreduce", "EMRInstanceGroup"),
  scaling("kafka", "KafkaCluster"),
  scaling("lambda", "LambdaConcurrency"),
  scaling("neptune", "NeptuneCluster"),
  scaling("rds", "RDSCluster"),
  scaling("sagemaker", "SageMakerEndpoint"),
  scaling("workspaces", "WorkSpacesPool"),
]);
