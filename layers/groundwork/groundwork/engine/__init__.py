"""The built-in labeling service: SageMaker Ground Truth's labeling-job operations, work, consolidation and output."""
